"""Files in and out as values: bytes become rows, rows become what an import is to do. No file is touched."""
