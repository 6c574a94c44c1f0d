"""A REST interface by the profile's templates."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import httpx

from hedui.padis.errors import NotDeliveredError, PadisError, UnansweredError
from hedui.padis.packing import Parcel
from hedui.padis.transports import Asked
from hedui.site.padis_transport import HttpCall, HttpTransport

BEFORE_SENDING = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
"""What happens before a byte of the request has left."""


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """The certificates that are trusted: reading them takes longer than a request, so they are read once in a process."""
    return httpx.create_ssl_context()


class HttpWay:
    """Sends, asks and fetches by HTTP; user and password come with the base URL."""

    def __init__(self, how: HttpTransport, *, base: str) -> None:
        self._how = how
        self._base = base.rstrip("/")

    def send(self, parcel: Parcel) -> bytes | None:
        """See :class:`~hedui.padis.transports.Transport`."""
        call, how = self._how.send, self._how
        if how.body == "multipart":
            body: dict[str, Any] = {
                "files": {how.file_field: (parcel.name, parcel.content)},
                "data": _filled(call.form, parcel.places),
            }
        else:
            body = {"content": parcel.content}
        answer = self._request(call, parcel.places, **body)
        if answer.status_code in how.busy:
            raise NotDeliveredError(f"The receiver is busy (HTTP {answer.status_code}).", wait=_wait(answer))
        if answer.status_code in how.pending:
            return None
        if answer.is_success or answer.status_code in how.refused:
            return answer.content or None
        if answer.status_code >= 500:
            raise UnansweredError(f"The receiver failed (HTTP {answer.status_code}); whether it took the file is not known.")
        raise NotDeliveredError(
            f"The receiver refuses the request (HTTP {answer.status_code}); check the profile and the connection."
        )

    def ask(self, parcel: Parcel) -> Asked:
        """See :class:`~hedui.padis.transports.Transport`."""
        if self._how.query is None:
            return Asked(state="cannot")
        answer = self._request(self._how.query, parcel.places)
        if answer.status_code in self._how.not_known:
            return Asked(state="absent")
        if answer.status_code in self._how.pending:
            return Asked(state="pending")
        if answer.is_success:
            return Asked(state="answered", body=answer.content) if answer.content else Asked(state="pending")
        raise UnansweredError(f"The receiver does not say what became of the file (HTTP {answer.status_code}).", wait=_wait(answer))

    def receipts(self, *, batches: Sequence[str], known: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
        """See :class:`~hedui.padis.transports.Transport`."""
        if self._how.receipts is None or self._how.receipt is None:
            return
        listed = self._fetched(self._how.receipts, {})
        try:
            names = [str(item["name"] if isinstance(item, dict) else item) for item in json.loads(listed)]
        except (ValueError, KeyError, TypeError):
            raise PadisError("The list of receipts is no JSON list of names; check transport.receipts in the profile.") from None
        for name in names:
            if not known(name):
                yield name, self._fetched(self._how.receipt, {"receipt": name})

    def _fetched(self, call: HttpCall, places: Mapping[str, str]) -> bytes:
        answer = self._request(call, places)
        if not answer.is_success:
            raise UnansweredError(f"The receiver gives no receipts now (HTTP {answer.status_code}).", wait=_wait(answer))
        return answer.content

    def _request(self, call: HttpCall, places: Mapping[str, str], **body: Any) -> httpx.Response:
        path = call.path.format(**{name: quote(value, safe="") for name, value in places.items()})
        headers = {name: quote(value, safe=" /+=:;,-_.") for name, value in _filled(call.headers, places).items()}
        try:
            with httpx.Client(timeout=self._how.timeout_seconds, verify=_tls()) as client:
                return client.request(call.method, f"{self._base}/{path.lstrip('/')}", headers=headers, **body)
        except BEFORE_SENDING as error:
            raise NotDeliveredError(f"The receiver cannot be reached ({type(error).__name__}).") from None
        except httpx.InvalidURL:
            raise PadisError("The receiver's URL is wrong; check the connection and transport.send.path.") from None
        except httpx.HTTPError as error:
            raise UnansweredError(f"The receiver did not answer whole ({type(error).__name__}).") from None


def _filled(templates: Mapping[str, str], places: Mapping[str, str]) -> dict[str, str]:
    return {name: template.format(**places) for name, template in templates.items()}


def _wait(answer: httpx.Response) -> float | None:
    try:
        return float(answer.headers.get("retry-after", ""))
    except ValueError:
        return None
