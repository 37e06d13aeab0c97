"""Screens before the program: the first run, unlocking, signing in again, and why it cannot go on."""
