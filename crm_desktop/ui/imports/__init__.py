"""Bringing a file in, step by step, and taking an import back."""
