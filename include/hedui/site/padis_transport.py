"""How finished files reach the receiver and receipts come back, as a profile says it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from hedui.site.base import Identifier, Model

Text = Annotated[str, Field(min_length=1)]
SqlName = Annotated[str, Field(pattern=r"^[A-Za-z_\u4e00-\u9fff][A-Za-z0-9_$\u4e00-\u9fff]{0,62}$")]


class FolderTransport(Model):
    """A folder that somebody uploads from by hand, or one on an SFTP server.

    Attributes:
        place: Connection or folder; none: the site's inbox.
        path: Where a file goes below it, by template.
        taken: Whether the receiver (or a person) takes files away. Then a file that is not there after a broken send may have been
            taken, and only a person can say.
        receipts: Pattern of the receipts' paths; none: receipts come only by form.
    """

    type: Literal["directory", "sftp"]
    place: str | None = None
    path: Text = "padis/out/{name}"
    taken: bool = True
    receipts: str | None = "padis/receipts/*"


class HttpCall(Model):
    """A request by templates."""

    method: Literal["POST", "PUT", "GET"] = "POST"
    path: Text
    headers: dict[str, str] = {}
    form: dict[str, str] = {}


class HttpTransport(Model):
    """A REST interface.

    Attributes:
        connection: The base URL with user and password.
        send: The request that carries the file.
        body: The file as the request's body, or as a part of a form.
        file_field: The form's field for the file.
        query: Asks what became of a batch; none: only people can find out.
        receipts: Lists the names of later receipts as a JSON list; ``receipt`` fetches one by ``{receipt}``.
        not_known: Statuses of the query that say the batch has never arrived.
        pending: Statuses that say it is there and not judged yet.
        busy: Statuses that say nothing was taken, come back later. 503 is none of them by itself: a gateway also says it after the
            service behind it has taken the file.
        refused: Statuses whose body is a receipt that refuses the batch.
        timeout_seconds: How long an answer is waited for.
    """

    type: Literal["http"]
    connection: Identifier
    send: HttpCall
    body: Literal["raw", "multipart"] = "raw"
    file_field: Text = "file"
    query: HttpCall | None = None
    receipts: HttpCall | None = None
    receipt: HttpCall | None = None
    not_known: tuple[int, ...] = (404,)
    pending: tuple[int, ...] = (202,)
    busy: tuple[int, ...] = (429,)
    refused: tuple[int, ...] = (400, 422)
    timeout_seconds: float = Field(default=60, gt=0)


class SoapCall(Model):
    """An operation with its arguments by templates; ``{content}`` alone stands for the file's bytes, ``{base64}`` for their text."""

    operation: Text
    arguments: dict[str, str]


class SoapTransport(Model):
    """A web service.

    Attributes:
        connection: URL of the WSDL.
        send, query: The operations; their result is the receipt's text.
        not_known: Results of the query that say the batch has never arrived.
        pending: Results that say it is there and not judged yet.
        busy: Results of the send that say nothing was taken.
        timeout_seconds: How long an answer is waited for.
    """

    type: Literal["soap"]
    connection: Identifier
    send: SoapCall
    query: SoapCall | None = None
    not_known: tuple[str, ...] = ("",)
    pending: tuple[str, ...] = ()
    busy: tuple[str, ...] = ()
    timeout_seconds: float = Field(default=60, gt=0)


class TableTransport(Model):
    """A table of a front-end database that the receiver reads and writes its results into: a row per record.

    Attributes:
        connection: The database.
        table: The table; its columns are the profile's wire names and those below.
        db_schema: Its schema.
        batch, line: Columns of the batch's number and the record's line.
        status, code, reason: Columns that the receiver fills; the receipt is read from them.
        whole: Table with a row per batch (its columns are ``batch``, ``status``, ``code``, ``reason``, and ``rows``).
    """

    type: Literal["table"]
    connection: Identifier
    table: SqlName
    whole: SqlName
    db_schema: SqlName | None = None
    batch: SqlName = "batch"
    line: SqlName = "line"
    status: SqlName = "status"
    code: SqlName = "code"
    reason: SqlName = "reason"
    rows: SqlName = "row_count"


Transport = Annotated[FolderTransport | HttpTransport | SoapTransport | TableTransport, Field(discriminator="type")]
