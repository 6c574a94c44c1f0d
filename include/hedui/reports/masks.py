"""Masks as SQL texts for the report's queries (handbook §7.1, the default profile)."""

from __future__ import annotations

_ID = r"([0-9]{3})[0-9]{11}([0-9]{3}[0-9Xx])"
_LONG = r"([0-9]{3})[0-9]{5,}([0-9]{3}[0-9Xx])"


class Masks:
    """Each method takes a SQL expression and gives the expression of its masked text."""

    def name(self, value: str) -> str:
        """姓名: the first character, an asterisk for each further one."""
        return f"(substr({value}, 1, 1) || repeat('*', CAST(greatest(length({value}) - 1, 0) AS INTEGER)))"

    def id_number(self, value: str) -> str:
        """证件号码: the first three and the last four characters, length kept."""
        stars = f"repeat('*', CAST(greatest(length({value}) - 7, 0) AS INTEGER))"
        kept = f"substr({value}, 1, 3) || {stars} || substr({value}, length({value}) - 3)"
        return f"(CASE WHEN length({value}) > 7 THEN {kept} ELSE repeat('*', CAST(length({value}) AS INTEGER)) END)"

    def phone(self, value: str) -> str:
        """电话: the first three and the last four digits."""
        return self.id_number(value)

    def birth_date(self, value: str) -> str:
        """出生日期: year and month."""
        return f"regexp_replace({value}, '^([0-9]{{4}}[-/.]?[0-9]{{2}}[-/.]?)[0-9]{{1,2}}.*$', '\\1**')"

    def key(self, value: str) -> str:
        """Key of a person: every id number in it is masked."""
        return f"regexp_replace({value}, '{_LONG}', '\\1***********\\2', 'g')"

    def text(self, value: str) -> str:
        """Any other text: what looks like an id number is masked."""
        return f"regexp_replace({value}, '{_ID}', '\\1***********\\2', 'g')"


MASKS = Masks()
