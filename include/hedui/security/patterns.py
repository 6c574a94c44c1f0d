"""The patterns that the masks share; RE2 (DuckDB) and Python read them alike."""

from __future__ import annotations

from typing import Final

DIGIT: Final = "[0-9０-９]"

LONG_NUMBER: Final = f"({DIGIT}{{3}}){DIGIT}{{8,}}({DIGIT}{{3}}[0-9０-９XxＸｘ])"
"""Fifteen or more digits, the last may be X: id numbers of both lengths, with whatever is written before or after without a gap."""

MOBILE: Final = f"([1１][3-9３-９]{DIGIT}){DIGIT}{{4}}({DIGIT}{{4}})"
"""Eleven digits that may be a mobile number, also behind a country code."""

BORN: Final = r"([0-9]{3})[0-9]{3}(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:[0-2][0-9]|3[01])([0-9]{3}[0-9Xx])"
"""Eighteen characters with a date of birth inside: tells an id number from a unit's or a tax payer's number."""

ID_NUMBER: Final = r"[0-9]{17}[0-9Xx]|[0-9]{15}"
"""Matched against the whole text: anchors treat a newline at the end differently in the two dialects."""

KEY_PART: Final = r"(^no:)?(?:[^/]{4,}([^/]{4})|[^/]{2,5}([^/]{2})|[^/]+)"
"""One part of a key between slashes; at most half of it is kept."""

DATE: Final = r"^[^0-9]*([12][0-9]{3})[^0-9]?([0-9]{1,2})[^0-9]?([0-9]{1,2})"

ADDRESS: Final = (
    r"^((?:[\x{4e00}-\x{9fff}]{2,8}?(?:省|自治区|特别行政区))?(?:[\x{4e00}-\x{9fff}]{2,10}?(?:市|自治州|地区|盟))?)"
    r"((?:[\x{4e00}-\x{9fff}]{1,10}?(?:区|县|市|旗))?)"
)
"""Province and city, then the county; a county alone is not taken, as any text may end in 区."""

STARS: Final = "*" * 11
