"""Starts the window of a packaged Satchel."""

from crm_desktop.__main__ import open_window

if __name__ == "__main__":
    open_window()
