"""States judged again from recorded figures: another threshold, switched off since, nothing examined; no partition is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hedui.checks.judge import Judgement, judge
from hedui.checks.run import run_source_checks
from hedui.site.models import RuleSetting
from integration.checks.kit import Night


def of(found: list[Judgement], rule: str) -> Judgement:
    (item,) = [item for item in found if item.rule == rule and item.source == "shebao" and item.dataset == "person"]
    return item


def again(night: Night, **settings: RuleSetting) -> list[Judgement]:
    site = night.context.site.model_copy(update={"rules": {**night.context.site.rules, **settings}})
    return judge(replace(night.context, site=site), night.date)


def test_todays_threshold_decides_without_the_data(make_night: Callable[..., Night]) -> None:
    night = make_night()
    night.put("person", "shebao", [{"person_no": str(n), "name": None if n == 0 else "甲"} for n in range(10)])
    run_source_checks(night.context, "shebao", night.date)
    night.context.lake.remove(night.context.canonical("person", "shebao", night.date))
    before = of(again(night), "P01")
    assert (before.examined, before.violations, before.state, before.changed) == (10, 1, "failed", False)
    after = of(again(night, P01=RuleSetting(parameters={"threshold": 0.1})), "P01")
    assert (after.threshold, after.before, after.state, after.changed) == (0.1, "failed", "passed", True)
    assert of(again(night, P01=RuleSetting(parameters={"threshold": 0.09})), "P01").state == "failed"


def test_a_rule_that_saw_no_rows_stays_without_data(make_night: Callable[..., Night]) -> None:
    night = make_night()
    night.put("person", "shebao", [{"person_no": "1", "name": "甲"}])
    run_source_checks(night.context, "shebao", night.date)
    item = of(again(night, P16=RuleSetting(parameters={"threshold": 1})), "P16")
    assert (item.examined, item.state, item.reason) == (0, "no_data", "没有符合检查范围的记录")


def test_a_rule_switched_off_since_says_so_and_one_switched_on_has_no_figures(make_night: Callable[..., Night]) -> None:
    night = make_night(rules={"P03": RuleSetting(enabled=False)})
    night.put("person", "shebao", [{"person_no": "1"}])
    run_source_checks(night.context, "shebao", night.date)
    found = again(night, P01=RuleSetting(enabled=False), P03=RuleSetting())
    assert (of(found, "P01").before, of(found, "P01").state) == ("failed", "disabled")
    assert (of(found, "P03").state, of(found, "P03").reason) == ("no_data", "当夜已停用，没有记录数，需重新执行检查")


def test_a_night_without_checks_has_nothing_to_judge(make_night: Callable[..., Night]) -> None:
    night = make_night()
    assert judge(night.context, night.date) == []
