"""Files on records: a list to add to, open, save, fetch and free."""
