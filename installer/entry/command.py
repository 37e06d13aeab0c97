"""Starts the command line of a packaged Satchel."""

import sys

from crm_desktop.cli import main

if __name__ == "__main__":
    sys.exit(main())
