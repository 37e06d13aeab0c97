"""The cards of the home page: the day, own pipeline, what was won, what needs somebody, what was changed."""
