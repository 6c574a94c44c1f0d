"""Faults, tasks, knowledge and the month's report over a real ledger; KPIs counted by hand."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from docx import Document
from openpyxl import load_workbook
from sqlalchemy import text

from hedui import audit
from hedui.context import Context
from hedui.inspection.model import Inspection, Item
from hedui.inspection.recording import record
from hedui.lake import Lake
from hedui.ledger.database import begin
from hedui.ledger.schema import upgrade
from hedui.operations.errors import OperationsError
from hedui.operations.faults import NewFault, close_fault, open_fault, open_faults, reach, recovery
from hedui.operations.forms import write_fault_form, write_task_form
from hedui.operations.knowledge import add_entry, search
from hedui.operations.kpis import kpis
from hedui.operations.monthly import Remarks, editions_ending, make_report
from hedui.operations.tasks import NewTask, finish_task, open_task, tasks_due
from hedui.site import load_site
from hedui.statistics.periods import period_of

ROOT = Path(__file__).resolve().parents[3]
SHANGHAI = ZoneInfo("Asia/Shanghai")
JUNE = period_of("month", dt.date(2026, 6, 1))


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"2026-{text}").replace(tzinfo=SHANGHAI)


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str]) -> Context:
    folder = tmp_path_factory.mktemp("operations")
    shutil.copytree(ROOT / "include" / "sites" / "demo", folder / "site")
    ledger = new_database()
    upgrade(ledger)
    return Context(
        site=load_site(folder / "site"),
        lake=Lake(str(folder / "lake")),
        reports=folder / "reports",
        inbox=str(folder),
        ledger_url=ledger,
        connection={"hedui_ledger": ledger}.__getitem__,
        memory_limit="256MB",
        threads=1,
    )


def fault(context: Context, reported: str, *, level: int = 2, service: str = "onsite", origin: str | None = None) -> str | None:
    new = NewFault(
        level=level, system="中间库", summary="中间库表空间已满", occurred_at=at(reported) - dt.timedelta(minutes=20),
        reported_at=at(reported), found_by="user", service=service, reporter="甲", origin=origin,
    )  # fmt: skip
    return open_fault(context, new, actor="甲")


def task(context: Context, opened: str, kind: str, *, finished: str | None, code: bool = False) -> None:
    new = NewTask(
        kind=kind, system="核对平台", title=f"{kind} 任务", asked_by="乙", assignee="甲", opened_at=at(opened), code_change=code
    )
    number = open_task(context, new, actor="甲")
    if finished:
        finish_task(context, number, cause="口径变化", solution="调整参数", at=at(finished), by="甲", actor="甲")


@pytest.fixture(scope="module")
def june(context: Context) -> Context:
    """Four faults (one not repaired, one answered too late), four tasks, inspections of one system on three days."""
    good, late, unsolved, waiting = (
        fault(context, day) or "" for day in ("06-03 10:00", "06-04 10:00", "06-05 10:00", "06-30 17:50")
    )
    for number, day, respond in ((good, "06-03", "10:10"), (late, "06-04", "10:16"), (unsolved, "06-05", "10:15")):
        reach(context, number, "respond", at=at(f"{day} {respond}"), actor="甲")
        reach(context, number, "diagnose", at=at(f"{day} 11:00"), actor="甲", cause="日志未清理")
        reach(context, number, "repair", at=at(f"{day} 17:30"), actor="甲", result="已扩容", prevention="每周巡检")
        close_fault(context, number, solved=number != unsolved, confirmer="乙", at=at(f"{day} 17:45"), actor="乙")
    assert waiting.endswith("-01")
    task(context, "06-01 10:00", "routine", finished="06-03 17:00", code=True)  # due on the 3rd
    task(context, "06-01 10:00", "corrective", finished="06-05 09:00", code=True)  # due on the 4th: late
    task(context, "06-08 10:00", "perfective", finished=None)  # due on the 15th: never done
    task(context, "06-30 10:00", "routine", finished=None)  # due in July
    for day in (1, 2, 5):
        item = Item(check="disk", part="盘", target="", standard="不超过 85%", measured="90%", verdict="abnormal", handling="清理")
        kinds = ("daily",) if day == 1 else ("daily", "weekly")  # on the 2nd nobody had to make a weekly one
        made = Inspection(
            checks=(),
            system="shebao",
            name="社保业务系统",
            date=dt.date(2026, 6, day),
            kinds=kinds,
            at=at(f"06-0{day} 08:15"),
            inspector="甲",
            items=(item,),
        )
        record(context, made, path=Path("x.xlsx"), actor="甲")
    return context


def test_kpis_are_those_counted_by_hand(june: Context) -> None:
    found = {kpi.code: (kpi.numerator, kpi.denominator, kpi.verdict) for kpi in kpis(june, JUNE)}
    # June 2026: 30 days, Fridays 5, 12 and 26 and Thursday 18 end weeks, the 18th is before the festival, the 30th ends the quarter:
    # 30 + 4 + 1 + 1 = 36 inspections of each of three systems. Of the four faults the last one has until July.
    assert found == {
        "workload": (2, 3, "未达标"),
        "inspections": (4, 108, "未达标"),
        "timely": (2, 3, "未达标"),
        "solved": (2, 3, "未达标"),
        "responded": (2, 3, "未达标"),
        "handled": (3, 4, "未达标"),
        "code_changes": (1, 2, "未达标"),
    }
    empty = kpis(june, period_of("month", dt.date(2026, 3, 1)))
    assert {kpi.verdict for kpi in empty if kpi.code != "inspections"} == {"—"}
    assert {kpi.share for kpi in empty if kpi.code != "inspections"} == {None}


def test_the_report_says_it_in_both_forms_and_again_the_same(june: Context) -> None:
    made = make_report(june, JUNE, Remarks(problems=("建议扩容。",), plans=("升级补丁。",)))
    book, paper = map(Path, made.files)
    first = book.read_bytes(), paper.read_bytes()
    make_report(june, JUNE, Remarks(problems=("建议扩容。",), plans=("升级补丁。",)))
    assert (book.read_bytes(), paper.read_bytes()) == first
    sheets = load_workbook(book)
    assert sheets.sheetnames == [
        "封面", "概述", "KPI", "数据交换", "对账结果", "差异处置", "处理方案", "PADIS", "区划变更", "故障与巡检",
        "问题与建议", "下期计划", "附件",
    ]  # fmt: skip
    table = {row[0]: row[1:7] for row in sheets["KPI"].iter_rows(min_row=4, values_only=True)}
    assert table["故障处理及时率"] == (0.9, 2, 3, pytest.approx(2 / 3), "未达标", "—")
    assert "故障处理及时率 2/3（66.67%，未达标）" in made.lines
    document = Document(str(paper))
    cells = {cell.text for one in document.tables for row in one.rows for cell in row.cells}
    assert {"66.67%", "7 小时 50 分", "90.00%"} <= cells
    text = "\n".join(paragraph.text for paragraph in document.paragraphs)
    assert "建议扩容。" in text
    assert "升级补丁。" in text
    assert "故障 GZ-20260630-01 期末未修复" in text


def test_quarters_and_years_have_editions() -> None:
    assert [period.id for period in editions_ending(dt.date(2026, 12, 31))] == ["2026-12", "2026-Q4", "2026"]
    assert [period.id for period in editions_ending(dt.date(2026, 6, 30))] == ["2026-06", "2026-Q2"]
    assert editions_ending(dt.date(2026, 6, 29)) == ()


def test_a_run_opens_one_fault_and_recovery_is_computed(june: Context) -> None:
    assert fault(june, "07-01 10:00", origin="nightly/1") == "GZ-20260701-01"
    assert fault(june, "07-01 10:30", origin="nightly/1") is None
    [opened] = [item for item in open_faults(june) if item.origin == "nightly/1"]
    assert recovery(opened) is None
    reach(june, opened.number, "repair", at=at("07-01 12:40"), actor="甲")
    [repaired] = [item for item in open_faults(june) if item.origin == "nightly/1"]
    assert recovery(repaired) == dt.timedelta(hours=3)
    with pytest.raises(OperationsError, match="without result, cause, prevention"):
        close_fault(june, opened.number, solved=True, confirmer="乙", at=at("07-01 13:00"), actor="乙")
    texts = {"cause": "c", "result": "r", "prevention": "p"}
    with pytest.raises(OperationsError, match="another person than its reporter"):
        close_fault(june, opened.number, solved=True, confirmer="甲", at=at("07-01 13:00"), actor="甲", **texts)
    with pytest.raises(OperationsError, match="was noted at"):
        reach(june, opened.number, "repair", at=at("07-01 13:00"), actor="甲")


def test_a_task_is_finished_with_cause_and_solution_only(june: Context) -> None:
    [waiting] = tasks_due(june, dt.date(2026, 7, 1), dt.date(2026, 7, 31))
    assert waiting.due_on == dt.date(2026, 7, 2)
    with pytest.raises(OperationsError, match="解决方案说明"):
        finish_task(june, waiting.number, cause="原因", solution=" ", at=at("07-01 10:00"), by="甲", actor="甲")


def test_knowledge_is_found_by_chinese_words_and_rules(june: Context) -> None:
    full = add_entry(june, title="表空间已满的处理", body="先清理归档日志，再扩容数据文件。", actor="甲", rules=["K04"])
    add_entry(june, title="回执超时", body="中间库表空间已满时也会超时，联系对方。", actor="甲", rules=["B09"])
    assert [entry.number for entry in search(june, "表空间已满")] == [full, full + 1]  # the title counts more than the later entry
    assert [entry.title for entry in search(june, "归档日志 扩容")] == ["表空间已满的处理"]
    assert [entry.title for entry in search(june, "表空间", rule_id="B09")] == ["回执超时"]
    assert search(june, "满间") == []


def test_a_failed_task_enters_a_fault_and_never_raises(june: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    from hedui_airflow import operations

    airflow = {
        "dag_run": SimpleNamespace(dag_id="nightly_reconciliation", run_id="scheduled__2026-06-03"),
        "ti": SimpleNamespace(task_id="compare", start_date=at("06-03 02:40")),
    }
    monkeypatch.setattr(operations, "task_context", lambda: june)
    monkeypatch.setattr(operations, "site_of_this_airflow", lambda: june.site)
    before = len(open_faults(june))
    operations.open_fault_of_run(airflow)
    operations.open_fault_of_run(airflow)
    assert len(open_faults(june)) == before + 1
    monkeypatch.setattr(operations, "task_context", lambda: 1 / 0)
    operations.open_fault_of_run(airflow)


def test_every_deed_is_in_the_audit_chain(june: Context) -> None:
    assert audit.verify(june.ledger_url).broken is None
    actions = {entry.action for entry in audit.entries(june.ledger_url)}
    assert {"fault.open", "fault.update", "fault.close", "task.open", "task.finish", "inspection.record"} <= actions


def form(path: Path) -> dict[str, str]:
    """A form's fields by name: of a pair of cells the second, of a line of a table the rest."""
    found: dict[str, str] = {}
    for row in load_workbook(path).active.iter_rows(values_only=True):
        values = [str(value) for value in row if value is not None]
        if len(values) == 4:
            found |= {values[0]: values[1], values[2]: values[3]}
        elif len(values) == 2:
            found[values[0]] = values[1]
        elif len(values) == 6:
            found[values[0]] = " ".join(values[1:])
    return found


def test_the_form_of_a_fault_says_all_that_is_to_be_signed(june: Context) -> None:
    number = "GZ-20260604-01"
    path = write_fault_form(june, number, now=at("07-01 08:00"))
    found = form(path)
    assert {key: found[key] for key in ("故障编号", "级别", "发生时间", "修复时间", "恢复耗费时间", "确认人", "原因分析", "处理结果")} == {
        "故障编号": number, "级别": "二级", "发生时间": "2026-06-04 09:40", "修复时间": "2026-06-04 17:30",
        "恢复耗费时间": "7 小时 50 分", "确认人": "乙", "原因分析": "日志未清理", "处理结果": "已扩容",
    }  # fmt: skip
    assert found["响应"] == "15 分 2026-06-04 10:15 2026-06-04 10:16 16 分 超时"
    assert found["诊断"].endswith("按时")
    first = path.read_bytes()
    assert write_fault_form(june, number, now=at("07-02 08:00")).read_bytes() == first
    with pytest.raises(OperationsError, match='no fault "GZ-1"'):
        write_fault_form(june, "GZ-1", now=at("07-01 08:00"))


def test_the_form_of_a_task_has_cause_and_solution(june: Context) -> None:
    with begin(june.ledger_url) as connection:
        numbers = dict(
            connection.execute(text("SELECT kind, number FROM hedui.maintenance_task WHERE due_on < DATE '2026-07-01'")).all()
        )
    late, undone = form(write_task_form(june, numbers["corrective"])), form(write_task_form(june, numbers["perfective"]))
    assert (late["类别"], late["问题原因分析"], late["解决方案说明"], late["结论"]) == ("改正性", "口径变化", "调整参数", "超期")
    assert (undone["问题原因分析"], undone["结论"], undone["办结时间"]) == ("—", "办理中", "—")
