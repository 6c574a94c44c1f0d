"""A folder for manual upload, or one on an SFTP server: a file appears there whole, under its name, or not at all."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Sequence

from hedui.context import Context
from hedui.errors import SourceError
from hedui.padis.errors import NameTakenError, NotDeliveredError, UnansweredError
from hedui.padis.packing import Parcel
from hedui.padis.transports import Asked
from hedui.site.padis_transport import FolderTransport
from hedui.sources.inbox import Place, open_place

PARTIAL = ".part"


class FolderWay:
    """Writes beside the name and renames; a file that is there already with the same bytes is the one that was sent before."""

    def __init__(self, how: FolderTransport, *, context: Context) -> None:
        self._how = how
        self._context = context

    def send(self, parcel: Parcel) -> bytes | None:
        """See :class:`~hedui.padis.transports.Transport`."""
        try:
            with open_place(self._context, "padis", self._how.place) as place:
                self._put(place, parcel)
        except SourceError as error:
            raise NotDeliveredError(f"The folder cannot be reached: {error}") from None
        return None

    def _put(self, place: Place, parcel: Parcel) -> None:
        path = self._path(place, parcel)
        folder = posixpath.dirname(path)
        try:
            if place.fs.exists(path):
                self._same(place, path, parcel)
                return
            place.fs.makedirs(folder, exist_ok=True)
            for name, content in parcel.sidecars.items():
                _write(place, posixpath.join(folder, name), content)
            _write(place, path + PARTIAL, parcel.content)
        except place.errors as error:
            raise NotDeliveredError(f"The file could not be written ({type(error).__name__}).") from None
        try:
            place.fs.mv(path + PARTIAL, path)
        except place.errors as error:
            raise UnansweredError(f"Renaming the written file did not end well ({type(error).__name__}).") from None

    def ask(self, parcel: Parcel) -> Asked:
        """See :class:`~hedui.padis.transports.Transport`."""
        try:
            with open_place(self._context, "padis", self._how.place) as place:
                path = self._path(place, parcel)
                if place.fs.exists(path):
                    self._same(place, path, parcel)
                    return Asked(state="pending")
                if not self._how.taken or place.fs.exists(path + PARTIAL):
                    return Asked(state="absent")
                return Asked(state="cannot")
        except (SourceError, OSError) as error:
            raise UnansweredError(f"The folder cannot be looked at ({type(error).__name__}).") from None

    def receipts(self, *, batches: Sequence[str], known: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
        """See :class:`~hedui.padis.transports.Transport`; a name that is known is read again, as files may be replaced."""
        if self._how.receipts is None:
            return
        try:
            with open_place(self._context, "padis", self._how.place) as place:
                for path in sorted(place.fs.glob(f"{place.base}/{self._how.receipts}")):
                    if not path.endswith(PARTIAL):
                        with place.fs.open(path, "rb") as handle:
                            yield posixpath.basename(path), handle.read()
        except (SourceError, OSError) as error:
            raise UnansweredError(f"The receipts' folder cannot be read ({type(error).__name__}).") from None

    def _path(self, place: Place, parcel: Parcel) -> str:
        return f"{place.base}/{self._how.path.format(**parcel.places)}"

    def _same(self, place: Place, path: str, parcel: Parcel) -> None:
        with place.fs.open(path, "rb") as handle:
            if handle.read() != parcel.content:
                raise NameTakenError(
                    f"{parcel.name} is there already with other content; it was not replaced. Look at the folder, then release the batch."
                )


def _write(place: Place, path: str, content: bytes) -> None:
    with place.fs.open(path, "wb") as handle:
        handle.write(content)
