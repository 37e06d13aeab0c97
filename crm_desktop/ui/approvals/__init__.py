"""What waits for approval, as pages and records show it."""
