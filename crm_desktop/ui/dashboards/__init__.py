"""What the page of dashboards is made of."""
