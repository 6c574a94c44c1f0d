"""From a record to its fields on the wire, by the profile; with what is wrong about it.

What a problem says names the field and the rule, never the value.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from hedui.padis.fields import META, Kind, kinds
from hedui.padis.model import Item
from hedui.padis.regions import REASONS, RegionCodes
from hedui.site.padis_profile import Codes, Delimited, Profile, WireField

Value = Callable[["_Report"], str]
CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\ufffe\uffff]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """What is wrong with a record.

    Attributes:
        field: Canonical field.
        label: Its Chinese label.
        reason: What is wrong, in Chinese, without the value.
        blocks: Whether the record stays until it is corrected; otherwise it is only noted.
    """

    field: str
    label: str
    reason: str
    blocks: bool

    def as_json(self) -> dict[str, str | bool]:
        """For the ledger."""
        return {"field": self.field, "label": self.label, "reason": self.reason, "blocks": self.blocks}


@dataclass(slots=True)
class _Report:
    """One record while it is mapped."""

    item: Item
    line: int
    sender: str
    period: str
    report: dt.date
    problems: list[Problem]


class Mapper:
    """Maps the records of a kind.

    Args:
        profile: The receiver's prescriptions.
        kind: What is mapped.
        sender: Region code of who reports.
        regions: Region codes in the receiver's version.
        report: Day of the report.
    """

    def __init__(self, profile: Profile, kind: Kind, *, sender: str, regions: RegionCodes, report: dt.date) -> None:
        self._profile = profile
        self._spec = kinds()[kind]
        self._sender = sender
        self._regions = regions
        self._report = report
        self._fields = profile.records[kind].fields
        self._values = [self._value(field) for field in self._fields]
        envelope = profile.envelope
        self._forbidden = envelope.separator if isinstance(envelope, Delimited) and not envelope.quote else None
        self._encoding = {"utf-8-sig": "utf-8"}.get(encoding := getattr(envelope, "encoding", "utf-8"), encoding)
        self._unicode = self._encoding.startswith("utf") or self._encoding == "gb18030"

    @property
    def names(self) -> list[str]:
        """Names on the wire, in order."""
        return [field.to for field in self._fields]

    def wire(self, item: Item, *, line: int) -> tuple[list[str], list[Problem]]:
        """The record's values in order, and what is wrong."""
        period = f"{item.event_date:%Y%m}" if item.event_date else ""
        report = _Report(item=item, line=line, sender=self._sender, period=period, report=self._report, problems=[])
        return [value(report) for value in self._values], report.problems

    def _value(self, field: WireField) -> Value:
        """The function that makes one field's value, put together once."""
        raw = self._raw(field)
        label = self._label(field)
        name = field.source or field.to
        codes = self._profile.codes[field.codes] if field.codes else None

        def value(report: _Report) -> str:
            text = raw(report)
            if text and codes is not None:
                text = self._coded(report, text, codes, name, label)
            if not text:
                text = field.default
                if not text and _required(field, report):
                    report.problems.append(Problem(field=name, label=label, reason="必填项为空", blocks=True))
                return text
            return self._fitting(report, text, field, name, label)

        return value

    def _raw(self, field: WireField) -> Value:
        if field.value is not None:
            constant = field.value
            return lambda report: constant
        name = field.source or ""
        if name in META and name not in self._spec.fields:
            return self._meta(name, field.format)
        kind = self._spec.fields[name].type
        if kind == "region":
            return self._region(name)
        if kind in ("date", "time"):
            return self._dated(name, field.format)
        return lambda report: report.item.content.get(name, "")

    def _meta(self, name: str, form: str | None) -> Value:
        written = form or "%Y-%m-%d"
        values: dict[str, Value] = {
            "line": lambda report: str(report.line),
            "version": lambda report: str(report.item.version),
            "sender": lambda report: report.sender,
            "period": lambda report: report.period,
            "report_date": lambda report: report.report.strftime(written),
            "event_date": lambda report: report.item.event_date.strftime(written) if report.item.event_date else "",
        }
        return values.get(name, lambda report: str(getattr(report.item, name)))

    def _region(self, name: str) -> Value:
        policy, label = self._profile.validation.region, self._spec.fields[name].label

        def value(report: _Report) -> str:
            code = report.item.content.get(name, "")
            if not code:
                return ""
            event = report.item.event_date or report.report
            text, wrong = self._regions.code(code, event, report.report)
            if wrong and policy != "off":
                blocks = policy == "block" and wrong != "deep"
                report.problems.append(Problem(field=name, label=label, reason=REASONS[wrong], blocks=blocks))
            return text

        return value

    def _dated(self, name: str, form: str | None) -> Value:
        label = self._spec.fields[name].label
        with_time = self._spec.fields[name].type == "time"

        def value(report: _Report) -> str:
            text = report.item.content.get(name, "")
            if not text:
                return ""
            try:
                moment = dt.datetime.fromisoformat(text)
            except ValueError:
                report.problems.append(Problem(field=name, label=label, reason="日期或时间格式错误", blocks=True))
                return ""
            return moment.strftime(form) if form else text[:19] if with_time else text[:10]

        return value

    def _coded(self, report: _Report, text: str, codes: Codes, name: str, label: str) -> str:
        target = codes.get(text, codes.get("*"))
        if isinstance(target, tuple):
            on = report.item.event_date or report.report
            target = next((code.to for code in target if code.since <= on <= code.until), None)
        if target is None:
            report.problems.append(Problem(field=name, label=label, reason="代码没有对照", blocks=True))
            return ""
        return text if target == "=" else target

    def _fitting(self, report: _Report, text: str, field: WireField, name: str, label: str) -> str:
        def wrong(reason: str) -> None:
            report.problems.append(Problem(field=name, label=label, reason=reason, blocks=True))

        if not text.isprintable() and CONTROL.search(text):
            wrong("含有控制字符或换行")
        if self._forbidden and self._forbidden in text:
            wrong("含有分隔符")
        if not self._unicode and not text.isascii():
            try:
                text.encode(self._encoding)
            except UnicodeEncodeError:
                wrong(f"含有 {self._encoding.upper()} 不能表示的字符")
        if field.length is not None and len(text) > field.length:
            if not field.cut:
                wrong(f"超过 {field.length} 个字符")
            return text[: field.length]
        return text

    def _label(self, field: WireField) -> str:
        if field.source in self._spec.fields:
            return self._spec.fields[field.source].label
        return META.get(field.source or "", field.to)


def _required(field: WireField, report: _Report) -> bool:
    return field.required is True or (isinstance(field.required, tuple) and report.item.action in field.required)
