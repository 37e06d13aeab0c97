"""Forms made of what entities declare: editors by kind of field, and the form they stand in."""
