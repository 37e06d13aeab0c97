"""The parts of the Sync centre: what waits, what came back, what happened, how HQ is reached."""
