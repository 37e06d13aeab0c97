"""The parts of the pipeline page: columns of cards, moving them, and what the page says about them."""
