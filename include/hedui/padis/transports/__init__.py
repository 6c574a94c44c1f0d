"""How finished files reach the receiver: each way is a class with the same three questions, chosen by the profile.

What matters is what a failure means. :class:`~hedui.padis.errors.NotDeliveredError`: certainly nothing arrived, the same file may go
again. :class:`~hedui.padis.errors.UnansweredError`: nobody knows, the receiver must be asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from hedui.context import Context
from hedui.padis.packing import Parcel
from hedui.site.padis_profile import Profile
from hedui.site.padis_transport import HttpTransport, SoapTransport, TableTransport


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the receiver says of a batch.

    Attributes:
        state: ``absent`` (it has never arrived), ``pending`` (it is there), ``answered`` (with its receipt), ``cannot`` (there is no
            way to ask, or nobody can tell from here).
        body: The receipt.
    """

    state: Literal["absent", "pending", "answered", "cannot"]
    body: bytes = b""


class Transport(Protocol):
    """A way to the receiver."""

    def send(self, parcel: Parcel) -> bytes | None:
        """Sends a file.

        Returns:
            The receipt that came as the answer; None where it comes later.

        Raises:
            NotDeliveredError: Certainly nothing arrived. UnansweredError: nobody knows. NameTakenError: another file has its name.
        """

    def ask(self, parcel: Parcel) -> Asked:
        """What became of a file.

        Raises:
            DeliveryError: The receiver cannot be asked now. NameTakenError: what is there is another file.
        """

    def receipts(self, *, batches: Sequence[str], known: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
        """Names and contents of receipts that have come.

        Args:
            batches: Numbers of the batches that wait for one.
            known: Whether a receipt of that name has been taken already; it need not be fetched again.

        Raises:
            DeliveryError: The receiver cannot be reached now.
        """


def open_transport(context: Context, profile: Profile) -> Transport:
    """The profile's way to the receiver."""
    how = profile.transport
    if isinstance(how, HttpTransport):
        from hedui.padis.transports.http import HttpWay

        return HttpWay(how, base=context.connection(how.connection))
    if isinstance(how, SoapTransport):
        from hedui.padis.transports.soap import SoapWay

        return SoapWay(how, wsdl=context.connection(how.connection))
    if isinstance(how, TableTransport):
        from hedui.padis.transports.table import TableWay

        return TableWay(how, profile=profile, url=context.connection(how.connection))
    from hedui.padis.transports.folder import FolderWay

    return FolderWay(how, context=context)
