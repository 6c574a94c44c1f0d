"""Migrations of region codes: baseline, preflight, rehearsal, batches with a key log, proof, rollback."""

from __future__ import annotations
