"""What is looked at before a record may be packed, beside what the mapping itself needs. How strict it is, the profile says."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

from hedui.padis.fields import kinds
from hedui.padis.mapping import Problem
from hedui.padis.model import Item
from hedui.padis.windows import timing
from hedui.site.padis_profile import Profile
from hedui.workdays import Workdays

RESIDENT_ID: Final = ("01", "1")
"""Canonical id types of the resident identity card."""
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK: Final = "10X98765432"
_FORM: Final = re.compile(r"[1-9][0-9]{5}(18|19|20)[0-9]{9}[0-9X]", re.ASCII)
_PLACEHOLDER: Final = re.compile(r"(.)\1{17}|(.)\2{14}|0{6}[0-9]{8}0{4}|1{6}[0-9]{8}1{4}", re.ASCII)


def id_problem(number: str) -> str | None:
    """``placeholder`` or ``malformed``; None for a resident identity number that is in order (15 digits of old ones pass)."""
    if _PLACEHOLDER.fullmatch(number):
        return "placeholder"
    if len(number) == 15 and number.isdigit():
        return None
    if not _FORM.fullmatch(number):
        return "malformed"
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], _WEIGHTS, strict=True))
    return None if _CHECK[total % 11] == number[17] else "malformed"


class Validator:
    """Looks at records of a profile.

    Args:
        profile: Its policies.
        workdays: The site's working days.
        report: Day of the report.
    """

    def __init__(self, profile: Profile, *, workdays: Workdays, report: dt.date) -> None:
        self._profile = profile
        self._workdays = workdays
        self._report = report

    def problems(self, item: Item) -> list[Problem]:
        """What is wrong with a record."""
        return [*self._ids(item), *self._event(item)]

    def _ids(self, item: Item) -> list[Problem]:
        policies = {"placeholder": self._profile.validation.placeholder, "malformed": self._profile.validation.id_number}
        reasons = {"placeholder": "证件号码是占位号", "malformed": "身份证号码格式或校验位错误"}
        found = []
        for field in kinds()[item.kind].fields.values():
            if field.mask != "id_number" or not (number := item.content.get(field.name)):
                continue
            if item.content.get(field.name.replace("_number", "_type")) not in RESIDENT_ID:
                continue
            wrong = id_problem(number)
            if wrong and policies[wrong] != "off":
                blocks = policies[wrong] == "block"
                found.append(Problem(field=field.name, label=field.label, reason=reasons[wrong], blocks=blocks))
        return found

    def _event(self, item: Item) -> list[Problem]:
        spec, rules = kinds()[item.kind], self._profile.validation
        field = spec.fields[spec.event]

        def problem(reason: str, *, blocks: bool) -> list[Problem]:
            return [Problem(field=field.name, label=field.label, reason=reason, blocks=blocks)]

        if item.event_date is None:
            return problem("事件日期为空或格式错误", blocks=True)
        if item.event_date > self._report:
            return problem("事件日期晚于上报日期", blocks=rules.future == "block") if rules.future != "off" else []
        if rules.over_window == "off":
            return []
        how = timing(
            event=item.event_date,
            report=self._report,
            intent="withdraw" if item.action == "withdraw" else "report",
            acknowledged=bool(item.original_key),
            card=item.kind == "birth",
            calendar=self._profile.calendar,
            workdays=self._workdays,
        )
        return problem("超过补录订正期限", blocks=rules.over_window == "block") if how.window == "over" else []
