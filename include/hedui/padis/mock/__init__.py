"""A reference PADIS server: what tests and demos upload to. It takes what a profile describes, and does wrong what it is told to."""
