"""A made-up night for the workbook's tests: synthetic people, figures that foot."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator

from hedui.reports.content import LongTable, Value
from hedui.reports.night import (
    AgeCount,
    BalanceLine,
    CaseFigures,
    Cause,
    ComparisonNight,
    ExemptionLine,
    FieldDeviation,
    FlowTotals,
    GroupTotal,
    Input,
    KindCount,
    Night,
    RuleResult,
    SnapshotNight,
    SourceNight,
    TrendPoint,
)
from hedui.reports.sections.details import details

DATE = dt.date(2026, 6, 4)
AGENCIES = {
    "sb_local": "和对市社会保险局",
    "sb_province": "省社会保险局（省集中）",
    "sb_nation": "企业职工养老保险全国统筹系统",
    "tax": "和对市税务局",
    "medical": "和对市医疗保障局",
}
REGIONS = ("990101 东城新区", "990102 西湖区", "990103 南山区", "990104 北塘区", "990105 中和区", "990106 青河县")
INSURANCES = ("110 企业职工基本养老保险", "210 失业保险", "410 工伤保险")


def _groups() -> tuple[GroupTotal, ...]:
    groups = []
    for number, (region, insurance) in enumerate(itertools.product(REGIONS, INSURANCES)):
        unit, person = 1_234_567_89 + number * 98_765_43, 617_283_94 + number * 12_345_67
        off = {0: 128_000, 7: -45_600}.get(number, 0)
        state = "不平" if off else "含在途" if number % 5 == 2 else "平衡"
        transit = 1 if state == "含在途" else 0
        groups.append(
            GroupTotal(
                group=(region, f"SB{region[:6]}", insurance, "缴费", "2026-06-04"),
                left_count=300 + number * 7,
                right_count=300 + number * 7 - transit,
                left_fen=(unit + off + transit * 50_000, person, 0, 0, 0, 0),
                right_fen=(unit, person, 0, 0, 0, 0),
                explained_count=transit,
                explained_fen=transit * 50_000,
                state=state,
            )
        )
    return tuple(sorted(groups, key=lambda group: group.state != "不平"))


def sample_night() -> Night:
    """A night with every part filled."""
    groups = _groups()
    left_rows, right_rows = sum(g.left_count for g in groups), sum(g.right_count for g in groups)
    left_fen, right_fen = sum(sum(g.left_fen) for g in groups), sum(sum(g.right_fen) for g in groups)
    flow_balance = (
        BalanceLine(
            side="税务中间库",
            received=left_rows + 3,
            carried_in=5,
            rejected=3,
            parts=(
                ("matched", left_rows - 9, left_fen - 900_000),
                ("different", 4, 400_000),
                ("one_sided", 2, 250_000),
                ("in_transit", 6, 500_000),
                ("duplicate", 2, 150_000),
            ),
            received_fen=left_fen,
            carried_in_fen=400_000,
        ),
        BalanceLine(
            side="市社保业务库",
            received=right_rows,
            parts=(("matched", right_rows - 6, right_fen - 800_000), ("different", 4, 700_000), ("one_sided", 2, 100_000)),
            received_fen=right_fen,
            carried_in_fen=0,
        ),
    )
    registration = SnapshotNight(
        id="person_tiers",
        name="人员信息三级比对",
        sides=("市社保业务库", "省集中系统导出", "全国统筹系统下发"),
        missing=(3, 41, 27),
        duplicates=(2, 0, 1),
        unusable=(5, 4, 4),
        fields=(
            FieldDeviation(field="姓名", rule="T03", total=62, deviating=(12, 51, 0), right=(0, 0, 62), undecided=0),
            FieldDeviation(field="性别", rule="T03", total=18, deviating=(3, 15, 0), right=(0, 0, 18), undecided=0),
            FieldDeviation(field="死亡日期", rule="P23", total=9, deviating=(0, 0, 0), right=(0, 0, 0), undecided=9),
        ),
        balance=tuple(
            BalanceLine(
                side=side,
                received=20_000 - index,
                rejected=index,
                parts=(
                    ("matched", 19_800 - 2 * index, None),
                    ("different", 150, None),
                    ("one_sided", 45, None),
                    ("unusable", 5, None),
                ),
            )
            for index, side in enumerate(("市社保业务库", "省集中系统导出", "全国统筹系统下发"))
        ),
    )
    two = SnapshotNight(
        id="registration_medical",
        name="参保登记 社保↔医保",
        sides=("市社保业务库", "医保平台导出"),
        missing=(14, 33),
        duplicates=(0, 0),
        unusable=(5, 2),
        fields=(FieldDeviation(field="姓名", rule="E18", total=21, deviating=(0, 21), right=(21, 0), undecided=0),),
    )
    kinds = tuple(
        KindCount(
            kind=kind,
            rule=rule,
            rule_name=name,
            agency=agency,
            severity=severity,
            findings=count,
            exempt=count // 40,
            opened=count // 3,
            amount_fen=fen,
        )
        for kind, rule, name, agency, severity, count, fen in (
            ("ATTR", "T03", "关键信息三级不一致", "sb_province", "error", 80, 0),
            ("MISSING_TIER", "T02", "本地有上级无", "sb_nation", "error", 68, 0),
            ("AMT", "R05", "金额不符", "sb_local", "error", 4, 1_736_00),
            ("LATE", "R10", "未到账/超期", "tax", "error", 6, 12_345_600),
            ("IN_TRANSIT", "R09", "在途", "sb_local", "info", 24, 9_876_500),
            ("TOTAL", "R01", "总额不符", "sb_local", "block", 2, 173_600),
            ("RULE", "P05", "身份证校验位错误", "sb_local", "warning", 31, 0),
            ("RULE", "C08", "应缴与基数×费率不符", "medical", "warning", 12, 45_300),
            ("DUP", "K02", "比对键重复", "tax", "error", 5, 150_000),
        )
    )
    return Night(
        title="和对市社会保险跨部门对账",
        organisation="和对市社会保险局",
        site="和对市（演示）",
        business_date=DATE,
        code_version="0.1.0",
        sources=(
            SourceNight(
                id="shebao",
                name="市社保业务库",
                agency="和对市社会保险局",
                arrived=True,
                datasets=(("人员", 20_000), ("单位", 812), ("参保", 58_211), ("征集", 5_120), ("缴费（个人明细）", right_rows)),
                rows=20_000 + 812 + 58_211 + 5_120 + right_rows,
            ),
            SourceNight(
                id="sheng",
                name="省集中系统导出",
                agency="省社会保险局（省集中）",
                arrived=True,
                datasets=(("人员", 19_999), ("参保", 57_900)),
                rows=77_899,
                rejected=4,
            ),
            SourceNight(id="guotong", name="全国统筹系统下发", agency="企业职工养老保险全国统筹系统", arrived=False),
            SourceNight(
                id="shuiwu",
                name="税务中间库",
                agency="和对市税务局",
                arrived=True,
                datasets=(("缴费（个人明细）", left_rows + 3),),
                rows=left_rows + 3,
                rejected=3,
            ),
        ),
        comparisons=(
            ComparisonNight(id="person_tiers", name="人员信息三级比对", ran=True, findings=148),
            ComparisonNight(
                id="enrolment_tiers", name="参保信息三级比对（企业职工养老）", ran=False, reason="来源“全国统筹系统下发”本期数据缺失"
            ),
            ComparisonNight(id="tax_recorded", name="税务缴费↔社保到账", ran=True, findings=41, amount_fen=24_281_000),
        ),
        cases=CaseFigures(open=214, exempt=4, opened=71, cleared=33, reopened=2, amount_fen=24_281_000, severe=159),
        flows=(
            FlowTotals(
                id="tax_recorded",
                name="税务缴费↔社保到账",
                left="税务中间库",
                right="市社保业务库",
                group_titles=("统筹区", "经办机构", "险种", "缴费标识", "日期"),
                components=("单位", "个人", "滞纳金", "单位利息", "个人利息", "补助"),
                groups=groups,
                balance=flow_balance,
            ),
        ),
        snapshots=(registration, two),
        kinds=kinds,
        quality=(
            RuleResult(
                rule="P05", name="身份证校验位错误", severity="warning", source="市社保业务库", dataset="人员", examined=19_950,
                violations=31, threshold=0.0, state="不通过",
            ),
            RuleResult(
                rule="P01", name="姓名为空", severity="error", source="市社保业务库", dataset="人员", examined=20_000, violations=0,
                threshold=0.0, state="通过",
            ),
            RuleResult(
                rule="P01", name="姓名为空", severity="error", source="全国统筹系统下发", dataset="人员", examined=0, violations=0,
                threshold=None, state="无数据",
            ),
        ),
        ages=tuple(
            AgeCount(agency=agency, kind=kind, bucket=bucket, cases=cases, amount_fen=cases * 12_345)
            for agency, kind, bucket, cases in (
                ("sb_local", "RULE", 0, 40), ("sb_local", "AMT", 1, 12), ("sb_province", "ATTR", 0, 51), ("sb_province", "ATTR", 2, 29),
                ("sb_nation", "MISSING_TIER", 1, 44), ("tax", "LATE", 3, 6), ("medical", "RULE", 4, 3),
            )
        ),
        trend=tuple(
            TrendPoint(date=DATE - dt.timedelta(days=back), open=214 - back * 13, opened=71 - back * 9, cleared=33 - back, reopened=2)
            for back in (3, 2, 1, 0)
        ),
        causes=(
            Cause(
                comparison="人员信息三级比对", field="姓名", change="张· → 张·*（间隔号写法不同）", region="西湖区", unit="", findings=37,
                share=37 / 148,
            ),
            Cause(comparison="人员信息三级比对", field="性别", change="1 男 → 2 女", region="", unit="DW17", findings=12, share=12 / 148),
        ),
        exemptions=(
            ExemptionLine(
                subject="规则 P05，和对市社会保险局", rule="P05 身份证校验位错误", reason="历史档案，公安已书面确认", approver="王主任",
                valid_from=dt.date(2026, 5, 6), expires_on=dt.date(2026, 12, 31), cases=4,
            ),
        ),
        inputs=tuple(
            Input(layer="标准层", name=f"payment / {source}", rows=left_rows, digest=f"{source:0<64}", code_version="0.1.0")
            for source in ("shebao", "shuiwu")
        ),
        parameters=(("比对 tax_recorded 在途窗口", "1 个工作日"), ("比对 tax_recorded 抽查比例", "5%"), ("规则 C08 容差", "1 分")),
        agencies=AGENCIES,
    )  # fmt: skip


def detail_rows(count: int) -> Iterator[tuple[Value, ...]]:
    """Made-up masked details."""
    severities = ("阻断", "错误", "警告", "提示")
    for number in range(1, count + 1):
        severity = severities[min(3, number * 4 // (count + 1))]
        yield (
            number, severity, "金额不符", "R05 金额不符", "税务缴费↔社保到账", f"990***********{number % 10_000:04d}", "西湖区",
            "企业职工基本养老保险", "202605", "单位", f"{number}.10", f"{number}.00", None, "税务中间库",
            10 if number % 3 else -number * 100, number % 40, "和对市社会保险局", "未结", f"甲{number} 乙{number}", None,
        )  # fmt: skip


def sample_details(count: int, *, per_sheet: int = 50_000, total: int | None = None) -> LongTable:
    """Detail sheets with ``count`` lines."""
    return details(total=total or count, shown=count, per_sheet=per_sheet, rows=lambda: detail_rows(count))
