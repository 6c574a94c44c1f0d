"""A web service by its WSDL."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import requests
import zeep
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from zeep.exceptions import Fault, TransportError, XMLSyntaxError
from zeep.transports import Transport as SoapHttp

from hedui.padis.errors import NotDeliveredError, PadisError, UnansweredError
from hedui.padis.packing import Parcel
from hedui.padis.transports import Asked
from hedui.site.padis_transport import SoapCall, SoapTransport

BUSY = (429,)
"""Nothing was taken. 503 is none of them: a gateway also says it after the service behind it has taken the file."""


class SoapWay:
    """Sends and asks by SOAP; what an operation returns is the receipt's text."""

    def __init__(self, how: SoapTransport, *, wsdl: str) -> None:
        self._how = how
        self._wsdl = wsdl

    def send(self, parcel: Parcel) -> bytes | None:
        """See :class:`~hedui.padis.transports.Transport`."""
        text = self._call(self._how.send, parcel)
        if text in self._how.busy:
            raise NotDeliveredError("The receiver is busy.")
        return None if text == "" or text in self._how.pending else text.encode()

    def ask(self, parcel: Parcel) -> Asked:
        """See :class:`~hedui.padis.transports.Transport`."""
        if self._how.query is None:
            return Asked(state="cannot")
        text = self._call(self._how.query, parcel)
        if text in self._how.not_known:
            return Asked(state="absent")
        return Asked(state="pending") if text in self._how.pending else Asked(state="answered", body=text.encode())

    def receipts(self, *, batches: Sequence[str], known: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
        """None: a service is asked."""
        return iter(())

    def _client(self) -> zeep.Client:
        seconds = self._how.timeout_seconds
        try:
            http = SoapHttp(timeout=seconds, operation_timeout=seconds)  # type: ignore[no-untyped-call]
            return zeep.Client(self._wsdl, transport=http)  # type: ignore[no-untyped-call]
        except (requests.RequestException, TransportError, XMLSyntaxError, OSError) as error:
            raise NotDeliveredError(f"The service's WSDL cannot be read ({type(error).__name__}).") from None

    def _call(self, call: SoapCall, parcel: Parcel) -> str:
        client = self._client()
        arguments = {name: _argument(template, parcel) for name, template in call.arguments.items()}
        try:
            operation = client.service[call.operation]
        except (AttributeError, ValueError):
            raise PadisError(f'The service has no operation "{call.operation}"; check the transport in the profile.') from None
        try:
            result = operation(**arguments)
        except TypeError:
            raise PadisError(
                f'The arguments of "{call.operation}" do not fit the WSDL; check the transport in the profile.'
            ) from None
        except requests.ConnectionError as error:
            raise _broken(error) from None
        except TransportError as error:
            if error.status_code in BUSY:
                raise NotDeliveredError(f"The receiver is busy (HTTP {error.status_code}).") from None
            raise UnansweredError(f"The service failed (HTTP {error.status_code}).") from None
        except (requests.RequestException, Fault, XMLSyntaxError) as error:
            raise UnansweredError(f"The service did not answer whole ({type(error).__name__}).") from None
        return "" if result is None else str(result)


def _argument(template: str, parcel: Parcel) -> Any:
    if template == "{content}":
        return parcel.content
    return template.format(**parcel.places, base64=base64.b64encode(parcel.content).decode("ascii"))


def _broken(error: requests.ConnectionError) -> NotDeliveredError | UnansweredError:
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError | ConnectTimeoutError):
        return NotDeliveredError("The service cannot be reached.")
    return UnansweredError("The service broke off without an answer.")
