"""The data docs of a night: every source and rule, Chinese names, nothing from outside and nothing of anybody."""

from __future__ import annotations

import html.parser
from collections.abc import Callable
from pathlib import Path

import pytest

from hedui.checks.registry import shipped_rules
from hedui.checks.run import run_checks
from hedui.site.models import RuleSetting
from integration.checks.kit import Night
from integration.checks.test_row_rules import CASES, SOURCES


class Reader(html.parser.HTMLParser):
    """What a browser would load, and the text a reader sees."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loads += [f"{tag} {value}" for name, value in attrs if name in ("src", "href") and value and not value.startswith("#")]
        if tag == "script":
            self.loads.append("script")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.fixture(scope="module")
def page(make_night: Callable[..., Night]) -> str:
    night = make_night(rules={"P18": RuleSetting(enabled=False)})
    for dataset, source in SOURCES.items():
        night.put(dataset, source, [case.row for case in CASES if case.dataset == dataset])
    night.put("person", "sheng", [])
    night.put("payment_unit", "shuiwu", [{"detail_no": "1", "head_count": 2}])
    summary = run_checks(night.context, night.date)
    path = Path(summary.paths["datadocs"])
    assert path == night.context.reports / "2026-06-03" / "datadocs" / "index.html"
    assert summary.counts["findings"] > 50
    return path.read_text("utf-8")


def test_it_stands_alone(page: str) -> None:
    reader = Reader()
    reader.feed(page)
    assert reader.loads == []
    assert "http" not in page


def test_it_names_every_rule_in_chinese(page: str) -> None:
    told = [item for item in shipped_rules() if item.kind == "sql" or set(item.datasets) & set(SOURCES)]
    assert len(told) > 50
    for item in told:
        assert f'<td class="id">{item.rule}</td>' in page
        assert item.name in page


def test_it_shows_states_and_missing_sources(page: str) -> None:
    for text in ("不通过", "通过", "无数据", "已停用", "本地配置停用", "该来源当日未到，未执行检查", "全国统筹系统下发"):
        assert text in page


def test_it_holds_no_value_of_the_data(page: str) -> None:
    reader = Reader()
    reader.feed(page)
    text = "".join(reader.texts)
    values = {str(value) for case in CASES for name, value in case.row.items() if name in ("id_number", "name", "uscc") and value}
    assert len(values) > 20
    assert [value for value in values if len(value) > 4 and value in text] == []
