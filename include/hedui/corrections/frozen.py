"""A bundle as the ledger knows it together with its frozen files, verified."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from hedui.context import Context
from hedui.corrections.bundle import FrozenBundle, open_bundle
from hedui.corrections.errors import BundleStateError
from hedui.corrections.ledger import Bundle, read_bundle

FOLDER: Final = "corrections"


def bundles_folder(context: Context) -> Path:
    """Folder of the frozen bundles, below the reports."""
    return context.reports / FOLDER


def frozen_bundle(context: Context, bundle_id: str) -> tuple[Bundle, FrozenBundle]:
    """A frozen bundle, with every digest verified against the one that the ledger has.

    Raises:
        LedgerError: There is no such bundle. BundleStateError: it is not frozen yet.
        BundleChangedError: A file was changed, added or removed since.
    """
    bundle = read_bundle(context, bundle_id)
    if bundle.folder is None or bundle.digest is None:
        raise BundleStateError(
            f"Bundle {bundle_id} is in state {bundle.label} and has no frozen files; make it anew with a new plan."
        )
    return bundle, open_bundle(Path(bundle.folder), digest=bundle.digest)
