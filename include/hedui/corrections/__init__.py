"""Correction bundles: planned from cases, frozen, rehearsed, approved, executed or dispatched, and proven."""
