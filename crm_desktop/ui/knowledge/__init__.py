"""Parts of the knowledge base."""
