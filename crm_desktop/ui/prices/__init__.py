"""Price books and the prices of products."""
