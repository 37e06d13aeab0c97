"""What the forecast page is made of."""
