"""The declaration language of entities."""
