"""The files of a small lake: every cell, equal bytes, what leaves the agency, the page, who got what, what is removed."""

from __future__ import annotations

import datetime as dt
import json
import os
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import openpyxl
import pytest
from sqlalchemy import text

from hedui.audit import append, entries, verify
from hedui.context import Context
from hedui.digests.files import file_digest
from hedui.ledger.database import begin
from hedui.ledger.schema import upgrade
from hedui.site.statistics import Receiver, StatisticsSettings
from hedui.statistics import distribute as distributing
from hedui.statistics import folder as folders
from hedui.statistics.compute import settings_of
from hedui.statistics.distribute import distribute
from hedui.statistics.errors import StatisticsError
from hedui.statistics.folder import remove_expired, write_index
from hedui.statistics.make import Made, make
from hedui.statistics.periods import period_of
from integration.platform.test_notify import Mailbox, mailbox  # noqa: F401
from integration.sources.servers import SftpServer, sftp_server
from integration.statistics.hand import JUNE, fill, small_context

MONTH = period_of("month", JUNE)
GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str]) -> Context:
    ledger = new_database()
    upgrade(ledger)
    made = small_context(tmp_path_factory.mktemp("files"), ledger_url=ledger)
    fill(made.lake)
    return made


@pytest.fixture(scope="module")
def made(context: Context) -> tuple[Made, ...]:
    """用人单位 of June, for inside and for outside."""
    return make(context, "employer_collection", MONTH, outside=True)


def cells(path: str) -> dict[str, dict[str, Any]]:
    """Every cell's value by sheet: what a formula gives beside its text."""
    values, texts = openpyxl.load_workbook(path, data_only=True), openpyxl.load_workbook(path)
    found: dict[str, dict[str, Any]] = {}
    for name in values.sheetnames:
        sheet = found.setdefault(name, {})
        for row in texts[name].iter_rows():
            for cell in row:
                if cell.value is None:
                    continue
                value = values[name][cell.coordinate].value
                shown = round(value, 6) if isinstance(value, float) else value.isoformat() if isinstance(value, dt.date) else value
                formula = isinstance(cell.value, str) and cell.value.startswith("=")
                sheet[cell.coordinate] = [cell.value, shown] if formula else shown
    for place in [place for place, value in found["口径说明"].items() if isinstance(value, str) and len(value) == 64]:
        found["口径说明"][place] = "digest"  # of Parquet files, which DuckDB's and pyarrow's versions write differently
    return found


@pytest.mark.parametrize("edition", [0, 1], ids=["inside", "outside"])
def test_every_cell_is_the_golden_one(made: tuple[Made, ...], edition: int) -> None:
    """To renew the files after a change that is meant, run pytest with HEDUI_GOLDEN=write, and read the difference."""
    golden = GOLDEN / f"employer_collection_{('inside', 'outside')[edition]}.json"
    found = json.loads(json.dumps(cells(made[edition].files[0]), ensure_ascii=False))
    renew(golden, found)
    assert found == json.loads(golden.read_text("utf-8"))


def renew(golden: Path, found: Any) -> None:
    if os.environ.get("HEDUI_GOLDEN") == "write":
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True), "utf-8")


def test_no_formula_fails_and_totals_are_formulas_with_values(made: tuple[Made, ...]) -> None:
    formulas = [value for sheet in cells(made[0].files[0]).values() for value in sheet.values() if isinstance(value, list)]
    assert len(formulas) > 100
    assert not [value for value in formulas if value[1] is None or str(value[1]).startswith("#")]


def test_equal_data_gives_equal_bytes(context: Context, made: tuple[Made, ...]) -> None:
    before = [file_digest(Path(path)) for item in made for path in item.files]
    again = make(context, "employer_collection", MONTH, outside=True)
    assert [file_digest(Path(path)) for item in again for path in item.files] == before


def test_government_layout(made: tuple[Made, ...]) -> None:
    book = openpyxl.load_workbook(made[0].files[0])
    sheet = book["按区划汇总"]
    assert "A1:" in str(sheet.merged_cells.ranges)
    assert sheet["A2"].value == "编制单位：和对市社会保险局    报表期：2026年6月    金额单位：元"
    assert sheet.freeze_panes is not None
    assert sheet.print_area
    assert "制表人" in sheet.oddFooter.left.text
    assert "审核人" in sheet.oddFooter.left.text
    assert len(sheet._charts) == 1
    assert sum(len(found.rules) for found in sheet.conditional_formatting) >= 2
    links = {cell.value for row in book["封面"].iter_rows() for cell in row if cell.hyperlink}
    assert links == set(book.sheetnames) - {"封面"}
    with zipfile.ZipFile(made[0].files[0]) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_what_leaves_the_agency_has_no_list_and_no_small_number(made: tuple[Made, ...]) -> None:
    inside, outside = (cells(item.files[0]) for item in made)
    assert "欠费明细" in inside
    assert "欠费明细" not in outside
    shown = [value for name, sheet in outside.items() if name not in ("封面", "口径说明") for value in sheet.values()]
    assert "＜5" in shown
    assert "＊" in shown
    assert not [value for value in shown if isinstance(value, list)]  # a formula would tell what was withheld
    assert "欠费·金额（元）" not in " ".join(made[1].lines)


def test_the_page_names_every_file_and_its_period(context: Context, made: tuple[Made, ...]) -> None:
    page = write_index(context).read_text("utf-8")
    for item in made:
        assert Path(item.files[0]).name in page
        assert file_digest(Path(item.files[0]))[:16] in page
    assert "2026年6月" in page
    assert not [link for link in page.split('href="')[1:] if link.startswith("/")]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SftpServer]:
    (tmp_path / "inbox").mkdir()
    with sftp_server(tmp_path) as running:
        yield running


@pytest.fixture
def robot(context: Context) -> Iterator[tuple[str, list[Any]]]:
    """A group robot that keeps what it hears, and needs the audit chain itself before it answers."""
    heard: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            with begin(context.ledger_url) as connection:
                connection.execute(text("SET LOCAL lock_timeout = '5s'"))
                append(connection, actor="robot", action="fault.open", subject="GZ", details={})
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"errcode": 0}')

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_address[1]}/send?key=k", heard
        running.shutdown()


def test_everybody_gets_theirs_and_the_chain_says_who(
    context: Context, made: tuple[Made, ...], mailbox: Mailbox, server: SftpServer, robot: tuple[str, list[Any]],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    url, heard = robot
    receivers = (
        Receiver(id="office", name="办公室", way="email", to=("a@example.invalid",)),
        Receiver(id="group", name="业务群", way="wecom", connection="robot"),
        Receiver(id="province", name="省局", way="sftp", connection="sftp", folder="tongji", outside=True),
        Receiver(id="daily", name="日报组", way="dingtalk", connection="robot", cycles=("day",)),
        Receiver(id="gone", name="不通", way="wecom", connection="nowhere"),
    )
    settings = StatisticsSettings(sources=settings_of(context).sources, receivers=receivers)
    monkeypatch.setattr(distributing, "settings_of", lambda _: settings)
    urls = {"hedui_smtp": f"smtp://127.0.0.1:{mailbox.port}", "robot": url, "sftp": server.url(), "nowhere": "http://127.0.0.1:9/x"}
    object.__setattr__(context, "connection", urls.__getitem__)
    with pytest.raises(StatisticsError, match="gone: The robot at"):
        distribute(context, made, actor="airflow:run")
    with pytest.raises(StatisticsError, match="gone: The robot at"):  # Airflow tries again: who has theirs is left alone
        distribute(context, made, actor="airflow:run")
    (message,) = mailbox.messages
    assert b"filename" in message
    assert message.count(b"Content-Disposition: attachment") == len(made[0].files)
    (said,) = heard
    assert "用人单位社会保险费征缴情况统计表" in said["markdown"]["content"]
    arrived = [path for path in (server.root / "inbox").rglob("*") if path.is_file()]
    assert sorted(path.name for path in arrived) == sorted(Path(path).name for path in made[1].files)
    assert all(path.parent.name == "2026-06" for path in arrived)
    sent = {entry.subject: entry.details for entry in entries(context.ledger_url, actions=["statistics.send"])}
    assert set(sent) == {"office", "group", "province"}
    assert sent["province"]["files"] == {Path(path).name: file_digest(Path(path)) for path in made[1].files}
    assert sent["office"]["files"] == {Path(path).name: file_digest(Path(path)) for path in made[0].files}
    tried = [
        (entry.action, entry.subject) for entry in entries(context.ledger_url, actions=["statistics.begin", "statistics.fail"])
    ]
    assert tried.count(("statistics.fail", "gone")) == tried.count(("statistics.begin", "gone")) == 2
    assert tried.count(("statistics.begin", "office")) == 1
    assert verify(context.ledger_url).broken is None


def test_what_may_have_gone_out_before_a_crash_goes_out_again_and_says_so(
    context: Context, made: tuple[Made, ...], robot: tuple[str, list[Any]], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    url, heard = robot
    receivers = (Receiver(id="crash", name="业务群", way="wecom", connection="robot"),)
    settings = StatisticsSettings(sources=settings_of(context).sources, receivers=receivers)
    monkeypatch.setattr(distributing, "settings_of", lambda _: settings)
    object.__setattr__(context, "connection", {"robot": url}.__getitem__)

    def dies(*_: Any, **__: Any) -> None:
        raise SystemExit  # the process ends after the message and before the ledger knows

    with monkeypatch.context() as broken:
        broken.setattr(distributing, "_note", dies)
        with pytest.raises(SystemExit):
            distribute(context, made, actor="airflow:other")
    assert distribute(context, made, actor="airflow:other") == {"crash": len(made[0].files)}
    assert distribute(context, made, actor="airflow:other") == {"crash": 0}
    assert [distributing.AGAIN in said["markdown"]["content"] for said in heard] == [False, True]
    (entry,) = (entry for entry in entries(context.ledger_url, actions=["statistics.send"]) if entry.subject == "crash")
    assert entry.details["again"] is True


def test_files_go_when_their_time_is_over_and_the_chain_says_so(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    day = period_of("day", JUNE)
    (made,) = make(context, "refunds", day)
    now = dt.datetime.now(dt.UTC).date()
    settings = StatisticsSettings(sources=settings_of(context).sources, keep_days={"day": 30})
    monkeypatch.setattr(folders, "settings_of", lambda _: settings)
    assert remove_expired(context, today=now + dt.timedelta(days=30), actor="t") == []  # of an old period, but made today
    for path in made.files:
        os.utime(path, (0, 0))
    assert remove_expired(context, today=JUNE + dt.timedelta(days=30), actor="t") == []
    stranger = context.reports / "statistics" / "day" / "notes"
    stranger.mkdir()
    assert remove_expired(context, today=JUNE + dt.timedelta(days=31), actor="t") == [day]
    assert sorted(path.name for path in (context.reports / "statistics" / "day").iterdir()) == ["notes"]
    (entry,) = entries(context.ledger_url, actions=["statistics.expire"])
    assert entry.subject == "day/2026-06-30"
    assert (context.reports / "statistics" / "month" / "2026-06").is_dir()
