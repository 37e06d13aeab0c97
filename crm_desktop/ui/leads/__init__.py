"""The page of leads: triage, one lead, conversion."""
