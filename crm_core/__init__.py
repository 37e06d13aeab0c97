"""What both programs agree on: entities, rights, merge rules and the wire. No I/O, no Qt."""

SCHEMA_VERSION = 3
"""Raised whenever an entity or field is added; the server sends a laptop only what its version knows."""
