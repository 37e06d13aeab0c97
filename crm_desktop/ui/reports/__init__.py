"""Reports in the window: what they are made of."""
