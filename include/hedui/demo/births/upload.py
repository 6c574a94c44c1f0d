"""What goes wrong once births are reported (F13, F14, F19, F20, F25) and with requests for help (F24), each with near misses.

The nights know nothing of it: it shows after the DAGs ``padis_upload`` and ``assist_follow`` have run, so that its truth is a file of its
own. The reference server plays its part by a plan: ``hedui padis mock --plan``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hedui.demo.births.families import ALL, Births, Days, Record
from hedui.demo.planting import DATES, Expectation
from hedui.demo.truth import write_later_truth
from hedui.demo.writers import csv_text
from hedui.padis.model import idempotency_key

SENDER: Final = "990100000000"
"""Who reports in the demo: part of every record's key."""
PLAN: Final = "padis_plan.json"
TRUTH: Final = "upload_truth.csv"
REFUSALS: Final = ("重号，与外省记录冲突", "母亲证件与国家库不符", "助产机构未备案", "出生地点类别与机构类别矛盾")
COLUMNS: Final = ("协查号", "类别", "事项", "发送地区划", "接收地区划", "姓名", "证件号码", "发出日期", "内容")
URGENT: Final = "03"
"""Topic of the demo with one working day."""
ORDINARY: Final = "01"
"""Topic with five."""


@dataclass(frozen=True, kw_only=True)
class UploadPlan:
    """What the receiver does, what comes from another province, and what must be found.

    Attributes:
        refused: Reasons by key of the records that the receiver refuses.
        had: Keys of records that it says it has had before.
        requests: Lines of the file with requests for help.
        truth: Findings and near misses by date.
    """

    refused: Mapping[str, str]
    had: tuple[str, ...]
    requests: tuple[tuple[str, ...], ...]
    truth: tuple[Expectation, ...]


def plan_upload(births: Births) -> UploadPlan:
    """The plan for a world's births: it chooses among the rows that are there and adds none."""
    certificates = [one for one in births.records if (one.source, one.dataset) == ("chusheng", "birth")]
    refused, known = certificates[:4], certificates[4:8]  # the first families are ordinary ones of May
    mended = [one for one in certificates if {"change_reason", "void_reason"} & {name for _, name, _ in one.changes}]
    requests = tuple(_requests(births))
    truth = [
        *_each("F25", refused, ALL),
        *_each("F25", mended, (0, 1)),
        *_each("F25", mended, (2,), near=True),
        *_each("F14", known, ALL),
        *_each("F14", certificates[8:10], ALL, near=True),
        *_left_out(births),
        *_after_the_window(certificates),
        _line("F19", "padis:monthly", "9901/202605", 2),
        _line("F19", "padis:monthly", "9901/202604", 2, near=True),
        *_overdue(requests),
    ]
    reasons = {_key(one): REFUSALS[number % len(REFUSALS)] for number, one in enumerate([*refused, *mended])}
    return UploadPlan(refused=reasons, had=tuple(map(_key, known)), requests=requests, truth=tuple(truth))


def _key(certificate: Record) -> str:
    """The key of a certificate's first version."""
    return idempotency_key(sender=SENDER, kind="birth", business_key=certificate.values["certificate_no"], version=1)


def _line(rule: str, scope: str, key: str, day: int, *, near: bool = False) -> Expectation:
    return Expectation(
        business_date=DATES[day], scope=scope, rule=rule, kind="RULE", source=None, subject_key=key, insurance=None, period=None,
        field=None, expect="near" if near else "hit", note="",
    )  # fmt: skip


def _each(rule: str, certificates: list[Record], days: Days, *, near: bool = False) -> Iterator[Expectation]:
    for one in certificates:
        yield from (_line(rule, "padis:birth", one.values["certificate_no"], day, near=near) for day in days)


def _left_out(births: Births) -> Iterator[Expectation]:
    """F13: numbers that have always come with two contents (F02) are reported by neither; near: once they came with one, or void."""
    twice: dict[str, set[int]] = {}
    for line in births.truth:
        if line.rule == "F02":
            days = twice.setdefault(line.subject_key, set())
            days |= {DATES.index(line.business_date)} if line.expect == "hit" else set()
    for number, days in twice.items():
        yield from (_line("F13", "padis:birth", number, day, near=not set(range(day + 1)) <= days) for day in ALL)


def _after_the_window(certificates: list[Record]) -> Iterator[Expectation]:
    """F20: births of earlier years on the day on which they are first reported; near: the days after it, and births of this January."""
    for one in certificates:
        born = one.values["birth_date"]
        if born < DATES[0].replace(month=1, day=1):
            yield _line("F20", "padis:birth", one.values["certificate_no"], 0)
            yield from (_line("F20", "padis:birth", one.values["certificate_no"], day, near=True) for day in (1, 2))
        elif born < DATES[0].replace(month=2, day=1):
            yield from _each("F20", [one], ALL, near=True)


def _requests(births: Births) -> Iterator[tuple[str, ...]]:
    """Requests of another province about floating persons, and about somebody whom nobody knows."""
    people = [one.values for one in births.records if one.dataset == "floating_person"]
    asked = [(people[0], URGENT), (people[1], URGENT), (people[2], ORDINARY), (people[3], ORDINARY)]
    for number, (person, topic) in enumerate(asked, 1):
        sent = f"{DATES[0]:%Y-%m-%d}"
        about = (str(person["name"]), str(person["id_number"]))
        yield f"XC110100-{DATES[0]:%Y%m%d}-{number:04d}", "1", topic, "110100", "990100", *about, sent, "核实居住情况"


def _overdue(requests: tuple[tuple[str, ...], ...]) -> Iterator[Expectation]:
    """F24: one working day is over after the last date's run; near: it is the last day of the term, or there are five."""
    for request in requests:
        urgent = request[2] == URGENT
        yield _line("F24", "assist", f"in/{request[0]}", 1, near=True)
        yield _line("F24", "assist", f"in/{request[0]}", 2, near=not urgent)


def write_upload(out: Path, plan: UploadPlan) -> None:
    """Writes the receiver's plan, the requests that have come, and the truth, below the world's folder."""
    told = {"refused": dict(plan.refused), "had": list(plan.had)}
    (out / PLAN).write_text(json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    folder = out / "assist" / "in"
    folder.mkdir(parents=True, exist_ok=True)
    content = f"{len(plan.requests)}\n" + csv_text([list(COLUMNS), *map(list, plan.requests)])
    (folder / f"XC_110100_990100_{DATES[0]:%Y%m%d}.csv").write_bytes(content.encode())
    write_later_truth(out / TRUTH, plan.truth)
