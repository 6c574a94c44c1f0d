"""A record's region code in the version that the receiver expects: in force on the event's date, or on the report's."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from pathlib import Path
from typing import Final

from hedui.regions.codes import padded, shape_problem, significant
from hedui.regions.store import SHIPPED, Store
from hedui.regions.translate import Translator
from hedui.regions.versions import Versions
from hedui.site.padis_profile import Regions

COUNTY: Final = 6
REASONS: Final[dict[str, str]] = {
    "malformed": "区划代码格式错误",
    "unknown": "区划代码在任何版本中都不存在",
    "several": "区划在该日对应多个代码，须人工判定",
    "none": "区划在该日没有对应代码",
    "deep": "区划代码的乡村级无法对应到该日的版本，按县级上报",
}
CACHE: Final = 100_000


class RegionCodes:
    """Codes of records in one version.

    Args:
        wanted: Which version, in how many digits.
        folder: The site's own region files, beside the shipped ones.
    """

    def __init__(self, wanted: Regions, folder: Path | None = None) -> None:
        self._wanted = wanted
        store = Store((SHIPPED, folder) if folder and folder.is_dir() else (SHIPPED,))
        self._versions = Versions(store)
        self._translator = Translator(store)
        self.code = lru_cache(maxsize=CACHE)(self._code)

    def _code(self, code: str, event: dt.date, report: dt.date) -> tuple[str, str]:
        """The code that goes out, and what is wrong (a key of :data:`REASONS`, or empty).

        Args:
            code: As the data have it: of the version of the event's or of the report's date.
            event: Day of the event.
            report: Day of the report.
        """
        if shape_problem(code):
            return code, "malformed"
        target = event if self._wanted.version == "event" else report
        bare = significant(code)
        county, digits = bare[:COUNTY], self._wanted.digits
        if self._versions.judge(county, target) == "valid":
            return self._cut(bare, digits), ""
        for origin in (event, report):
            if origin == target or self._versions.judge(county, origin) != "valid":
                continue
            found = self._translator.translate(county, of=origin, to=target)
            if found.code is not None:
                deep = len(bare) > COUNTY and digits > COUNTY and found.outcome != "same"
                return self._cut(found.code if deep else found.code + bare[COUNTY:], digits), "deep" if deep else ""
            return code, "several" if found.outcome == "several" else "none"
        return code, "unknown" if not self._versions.versions(county) else "none"

    @staticmethod
    def _cut(bare: str, digits: int) -> str:
        return padded(bare[:digits], digits)
