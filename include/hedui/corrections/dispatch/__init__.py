"""Bundles for systems that others keep: packed, signed, put into an outbox, and answered by receipts."""
