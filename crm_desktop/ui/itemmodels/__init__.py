"""Item models over pages of records, read off the main thread."""
