from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import replace
from typing import Any

import pytest

from hedui.padis.mapping import Mapper
from hedui.padis.model import Item, idempotency_key
from hedui.padis.regions import RegionCodes
from hedui.padis.validation import Validator, id_problem
from hedui.site.models import Calendar as SiteCalendar
from hedui.site.padis_profile import Profile, Regions
from hedui.workdays import Workdays
from unit.padis.conftest import profile_of

REPORT = dt.date(2026, 6, 3)
REGIONS = RegionCodes(Regions())

ITEM = Item(
    id=1,
    kind="birth",
    key="k" * 64,
    business_key="V460000001",
    version=1,
    action="new",
    original_key="",
    event_date=dt.date(2026, 5, 20),
    region="460203",
    content={
        "certificate_no": "V460000001",
        "sex": "1",
        "birth_time": "2026-05-20T08:05:00",
        "region": "460203",
        "weight_g": "3100",
    },
    reason="",
)


def mapped(profile: Profile, item: Item = ITEM) -> tuple[dict[str, str], list[tuple[str, str, bool]]]:
    mapper = Mapper(profile, "birth", sender="460200", regions=REGIONS, report=REPORT)
    values, problems = mapper.wire(item, line=7)
    return dict(zip(mapper.names, values, strict=True)), [(one.field, one.reason, one.blocks) for one in problems]


FIELDS = [
    pytest.param({"to": "A", "from": "certificate_no"}, "V460000001", id="text"),
    pytest.param({"to": "A", "from": "birth_time", "format": "%Y%m%d%H%M"}, "202605200805", id="time by format"),
    pytest.param({"to": "A", "from": "birth_time"}, "2026-05-20T08:05:00", id="time"),
    pytest.param({"to": "A", "from": "sex", "codes": "sex"}, "M", id="code"),
    pytest.param({"to": "A", "value": "01"}, "01", id="constant"),
    pytest.param({"to": "A", "from": "father_name", "default": "-"}, "-", id="default"),
    pytest.param({"to": "A", "from": "certificate_no", "length": 4, "cut": True}, "V460", id="cut"),
    pytest.param({"to": "A", "from": "region"}, "460203000000", id="region in twelve digits"),
    pytest.param({"to": "A", "from": "line"}, "7", id="line"),
    pytest.param({"to": "A", "from": "key"}, "k" * 64, id="key"),
    pytest.param({"to": "A", "from": "version"}, "1", id="version"),
    pytest.param({"to": "A", "from": "action", "codes": "action"}, "1", id="action"),
    pytest.param({"to": "A", "from": "sender"}, "460200", id="sender"),
    pytest.param({"to": "A", "from": "period"}, "202605", id="period"),
    pytest.param({"to": "A", "from": "report_date", "format": "%d.%m.%Y"}, "03.06.2026", id="report date"),
    pytest.param({"to": "A", "from": "event_date"}, "2026-05-20", id="event date"),
    pytest.param({"to": "A", "from": "place_type"}, "", id="nothing there"),
]


@pytest.mark.parametrize(("field", "value"), FIELDS)
def test_a_field_by_the_profile(field: dict[str, Any], value: str) -> None:
    assert mapped(profile_of([field])) == ({"A": value}, [])


PROBLEMS = [
    pytest.param({"to": "A", "from": "father_name", "required": True}, {}, "必填项为空", id="empty"),
    pytest.param({"to": "A", "from": "sex", "codes": "sex"}, {"sex": "7"}, "代码没有对照", id="code"),
    pytest.param({"to": "A", "from": "child_name", "length": 2}, {"child_name": "测试婴"}, "超过 2 个字符", id="length"),
    pytest.param({"to": "A", "from": "child_name"}, {"child_name": "测\n试"}, "含有控制字符或换行", id="line break"),
    pytest.param({"to": "A", "from": "birth_time"}, {"birth_time": "昨天"}, "日期或时间格式错误", id="date"),
    pytest.param({"to": "A", "from": "region"}, {"region": "46"}, "区划代码格式错误", id="region's form"),
    pytest.param({"to": "A", "from": "region"}, {"region": "999999"}, "区划代码在任何版本中都不存在", id="region unknown"),
]


@pytest.mark.parametrize(("field", "content", "reason"), PROBLEMS)
def test_what_is_wrong_names_field_and_reason_and_never_the_value(
    field: dict[str, Any], content: dict[str, str], reason: str
) -> None:
    _, problems = mapped(profile_of([field]), replace(ITEM, content={**ITEM.content, **content}))
    assert problems == [(field["from"], reason, True)]


def test_required_for_some_actions_only() -> None:
    profile = profile_of([{"to": "A", "from": "reason", "required": ["withdraw"]}])
    assert mapped(profile)[1] == []
    assert mapped(profile, replace(ITEM, action="withdraw"))[1] == [("reason", "必填项为空", True)]


def test_a_dated_code_follows_the_event() -> None:
    codes = {"gender": {"1": [{"to": "男", "until": "2025-12-31"}, {"to": "M", "since": "2026-01-01"}], "*": "="}}
    profile = profile_of([{"to": "A", "from": "sex", "codes": "gender"}], codes=codes)
    assert mapped(profile)[0] == {"A": "M"}
    assert mapped(profile, replace(ITEM, event_date=dt.date(2025, 5, 1)))[0] == {"A": "男"}
    assert mapped(profile, replace(ITEM, content={"sex": "9"}))[0] == {"A": "9"}


def test_what_an_encoding_cannot_say_is_refused_before_it_is_written() -> None:
    content = {**ITEM.content, "child_name": "测𠮷"}  # a name outside GBK
    for encoding, wrong in (("gbk", True), ("gb18030", False), ("utf-8", False)):
        profile = profile_of([{"to": "A", "from": "child_name"}], envelope={"type": "delimited", "encoding": encoding})
        assert bool(mapped(profile, replace(ITEM, content=content))[1]) is wrong


def test_a_separator_without_quotes_is_refused() -> None:
    profile = profile_of([{"to": "A", "from": "child_name"}], envelope={"type": "delimited", "separator": "|", "quote": ""})
    assert mapped(profile, replace(ITEM, content={"child_name": "a|b"}))[1] == [("child_name", "含有分隔符", True)]


@pytest.mark.parametrize(
    ("code", "event", "version", "expected"),
    [
        # 肥乡县 130428 became 肥乡区 130407 by the approval of September 2016
        pytest.param("130428", "2016-05-01", "event", ("130428000000", ""), id="the old code at an event before"),
        pytest.param("130407", "2016-05-01", "event", ("130428000000", ""), id="the new code goes back to the event"),
        pytest.param("130428", "2016-05-01", "report", ("130407000000", ""), id="the old code goes on to the report"),
        pytest.param("130407", "2017-05-01", "event", ("130407000000", ""), id="the new code after"),
        pytest.param("130428", "2017-05-01", "event", ("130428", "none"), id="the old code at an event after"),
        pytest.param(
            "130428100000", "2016-05-01", "report", ("130407000000", "deep"), id="a township follows as far as its county"
        ),
    ],
)
def test_a_region_goes_out_in_the_version_that_the_profile_names(
    code: str, event: str, version: str, expected: tuple[str, str]
) -> None:
    regions = RegionCodes(Regions.model_validate({"version": version}))
    assert regions.code(code, dt.date.fromisoformat(event), REPORT) == expected


@pytest.mark.parametrize(
    ("number", "wrong"),
    [
        pytest.param("11010519491231002X", None, id="the standard's example"),
        pytest.param("110105194912310021", "malformed", id="wrong check digit"),
        pytest.param("130503670401001", None, id="fifteen digits"),
        pytest.param("000000000000000000", "placeholder", id="zeros"),
        pytest.param("000000199001010000", "placeholder", id="zeros around a date"),
        pytest.param("1234", "malformed", id="too short"),
    ],
)
def test_identity_numbers(number: str, wrong: str | None) -> None:
    assert id_problem(number) == wrong


@pytest.mark.parametrize(("policy", "expected"), [("off", []), ("warn", [False]), ("block", [True])])
def test_how_strict_the_looking_is_the_profile_says(policy: str, expected: list[bool]) -> None:
    profile = profile_of([{"to": "A", "from": "sex"}], validation={"id_number": policy, "future": policy, "over_window": policy})
    validator = Validator(profile, workdays=Workdays(calendar=SiteCalendar()), report=REPORT)
    wrong_id = replace(ITEM, content={"mother_id_type": "01", "mother_id_number": "110105194912310021"})
    passport = replace(ITEM, content={"mother_id_type": "03", "mother_id_number": "E12345678"})
    future = replace(ITEM, event_date=dt.date(2026, 7, 1))
    over = replace(ITEM, event_date=dt.date(2024, 7, 1))
    for item in (wrong_id, future, over):
        assert [one.blocks for one in validator.problems(item)] == expected
    assert validator.problems(passport) == []
    assert [one.blocks for one in validator.problems(replace(ITEM, event_date=None))] == [True]


def test_the_idempotency_key_depends_on_these_four_and_nothing_else() -> None:
    key = idempotency_key(sender="460200", kind="birth", business_key="V460000001", version=1)

    assert key == hashlib.sha256(b"460200|birth|V460000001|1").hexdigest()
