"""Charts painted from plain values; none of them reads a record."""
