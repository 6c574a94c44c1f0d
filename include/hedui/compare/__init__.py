"""Comparisons: snapshots of n sides, flows of money with windows, the authority matrix, balances."""
