"""Service requests: choosing a form, filling it in, and what has become of it."""
