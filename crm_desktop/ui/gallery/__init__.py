"""A sheet of every component, to look at beside the design."""
