"""Readers of agencies' databases and files, and extraction into the lake."""
