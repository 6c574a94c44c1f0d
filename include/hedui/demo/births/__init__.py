"""Births in the demo world: five feeds about the same children and couples, their plants and their truth."""
