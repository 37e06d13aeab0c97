"""Use cases: one function, one transaction, one `Outcome`. The window and the command line call these."""
