"""What was done with a record, said about it and changed in it, as lists."""
