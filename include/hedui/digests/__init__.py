"""Comparing without showing: agencies exchange keyed digests of keys and fields, and the same findings come out, by digest."""
