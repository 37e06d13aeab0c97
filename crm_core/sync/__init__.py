"""The protocol both ends speak; see docs/sync.md."""
