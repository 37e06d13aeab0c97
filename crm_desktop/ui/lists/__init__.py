"""Lists of records: views, filters, table, details."""
