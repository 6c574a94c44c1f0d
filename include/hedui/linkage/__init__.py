"""Record linkage: which one-sided keys of a comparison may be the same person under two numbers."""
