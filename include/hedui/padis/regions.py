"""A record's region code in the version that the receiver expects: in force on the event's date, or on the report's."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Final

from hedui.regions.codes import padded, significant
from hedui.regions.receiving import ReceiverCodes
from hedui.site.padis_profile import Regions

COUNTY: Final = 6
REASONS: Final[dict[str, str]] = {
    "malformed": "区划代码格式错误",
    "unknown": "区划代码在任何版本中都不存在",
    "several": "区划在该日对应多个代码，须人工判定",
    "none": "区划在该日没有对应代码",
    "deep": "区划代码的乡村级无法对应到该日的版本，按县级上报",
}


class RegionCodes:
    """Codes of records in one version.

    Args:
        wanted: Which version, in how many digits.
        folder: The site's folder, whose region files stand beside the shipped ones.
    """

    def __init__(self, wanted: Regions, folder: Path | None = None) -> None:
        self._wanted = wanted
        self._codes = ReceiverCodes(folder)

    def code(self, code: str, event: dt.date, report: dt.date) -> tuple[str, str]:
        """The code that goes out, and what is wrong (a key of :data:`REASONS`, or empty).

        Args:
            code: As the data have it: of the version of the event's or of the report's date.
            event: Day of the event.
            report: Day of the report.
        """
        target, digits = event if self._wanted.version == "event" else report, self._wanted.digits
        found = self._codes.answer(code, on=event, to=target, held=report)
        if found.code is None:
            return code, "none" if found.kind == "unknown" and self._codes.ever(code) else found.kind
        wrong = "deep" if found.kind == "county" and digits > COUNTY else ""
        return padded(significant(found.code)[:digits], digits), wrong
