"""Segments in the window."""
