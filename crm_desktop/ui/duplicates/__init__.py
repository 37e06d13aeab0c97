"""Records that may be the same: said while one is typed, found all at once, merged side by side."""
