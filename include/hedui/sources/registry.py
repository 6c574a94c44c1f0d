"""Which reader reads which carrier; a further carrier is one entry here and one model in :mod:`hedui.site.models`."""

from __future__ import annotations

from hedui.context import Context
from hedui.errors import HeduiError
from hedui.site.models import Source
from hedui.sources.base import Reader, ReaderFactory
from hedui.sources.delimited import DelimitedSource
from hedui.sources.sql import sql_source
from hedui.sources.xlsx import XlsxSource

READERS: dict[str, ReaderFactory] = {
    "delimited": DelimitedSource,
    "sql": sql_source,
    "xlsx": XlsxSource,
}
"""Factories of readers by ``reader.type``."""


def open_reader(context: Context, source: Source) -> Reader:
    """The reader of a source.

    Raises:
        HeduiError: No reader is registered for the source's carrier.
    """
    try:
        factory = READERS[source.reader.type]
    except KeyError:
        raise HeduiError(f'There is no reader for type "{source.reader.type}"; known are {", ".join(sorted(READERS))}.') from None
    return factory(context=context, source=source)
