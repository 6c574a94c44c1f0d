"""The plants: small functions that each put one kind of anomaly, and what only looks like it, into the demo world."""
