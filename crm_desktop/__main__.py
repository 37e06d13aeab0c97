"""`python -m crm_desktop`: the same as `crm`, and what the desktop's icon starts."""

from __future__ import annotations

import sys

from crm_desktop.cli import main, run


def open_window() -> None:
    """Open the window of the default profile, or of the one `--profile` names."""
    sys.exit(run(["--profile", sys.argv[2], "open"] if sys.argv[1:2] == ["--profile"] else ["open"]))


if __name__ == "__main__":
    main()
