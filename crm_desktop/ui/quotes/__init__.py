"""The quote editor: header, lines, totals, and the very PDF beside them."""
