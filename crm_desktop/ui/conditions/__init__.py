"""Conditions drawn as rows of field, comparison and value, for whatever asks something of records."""
