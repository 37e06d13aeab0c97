"""The calendar: day, week, month and agenda, drawn by themselves, and what plans in them."""
