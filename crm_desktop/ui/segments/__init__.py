"""Segments of customers: making one, looking at whom it means, picking customers into one."""
