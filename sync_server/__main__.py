"""`python -m sync_server`: the same as `crm-server`."""

from __future__ import annotations

from sync_server.cli import main

if __name__ == "__main__":
    main()
