"""Joint testing (联调): plays the other side of an exchange from a scenario, faults included."""
