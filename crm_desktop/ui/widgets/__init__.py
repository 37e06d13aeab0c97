"""Small widgets the pages are made of; none of them reads a record."""
