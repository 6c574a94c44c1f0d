"""Masking of personal data at every exit: reports, pages, logs, error texts."""
