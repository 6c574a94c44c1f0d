"""The frozen bundle: a folder of documents, SQL and data that never changes once it is made."""

from hedui.corrections.bundle.errors import BundleError
from hedui.corrections.bundle.freeze import freeze
from hedui.corrections.bundle.frozen import FrozenBundle, open_bundle
from hedui.corrections.bundle.manifest import Event, Manifest
from hedui.corrections.errors import BundleChangedError

__all__ = ["BundleChangedError", "BundleError", "Event", "FrozenBundle", "Manifest", "freeze", "open_bundle"]
