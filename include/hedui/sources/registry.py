"""Which reader reads which carrier; a further carrier is one entry here and one model in :mod:`hedui.site.readers`."""

from __future__ import annotations

from hedui.context import Context
from hedui.errors import HeduiError
from hedui.site.models import Source
from hedui.sources.base import Reader, ReaderFactory
from hedui.sources.delimited import delimited_source
from hedui.sources.fixed import fixed_source
from hedui.sources.sql import sql_source
from hedui.sources.xlsx import xlsx_source
from hedui.sources.xml_packets import xml_source

READERS: dict[str, ReaderFactory] = {
    "delimited": delimited_source,
    "fixed": fixed_source,
    "sql": sql_source,
    "xlsx": xlsx_source,
    "xml": xml_source,
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
