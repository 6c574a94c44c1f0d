"""The demo world: a fictional city with planted anomalies and their truth."""
