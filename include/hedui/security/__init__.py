"""Masking of personal data at every exit."""
