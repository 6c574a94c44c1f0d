"""``hedui bundle``: what a person types and reads, from the outline to the closed case, and what they are told where they may not."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result as Ran
from sqlalchemy import make_url, select, update
from typer.testing import CliRunner

from conftest import DEMO_SITE
from hedui import cli
from hedui.context import Context
from hedui.corrections.approval import Answer, Stage
from hedui.corrections.decisions import decide
from hedui.corrections.decisions import propose as ask
from hedui.corrections.dispatch.follow import receipt_name
from hedui.corrections.dispatch.receipts import Receipt, Result, write_receipt
from hedui.corrections.flow import prove
from hedui.corrections.frozen import frozen_bundle
from hedui.corrections.ledger import list_bundles, read_bundle
from hedui.corrections.run import ground
from hedui.corrections.states import CaseState, State
from hedui.errors import HeduiError
from hedui.lake import Lake
from hedui.ledger import corrections_models as models
from hedui.ledger.database import begin
from hedui.ledger.schema import upgrade
from hedui.local.postgres import Postgres
from hedui.security.masking import MASK_KEY_VARIABLE, pseudonym
from hedui.site import load_site
from integration.corrections.night_world import DAY, NightWorld

SITE = load_site(DEMO_SITE)
KEY = "the key that both sides have agreed on"
SECRET = "a key for the tokens of these tests"
BUNDLE, NEXT = "BUNDLE-990100-20260604-001", "BUNDLE-990100-20260604-002"
ON_THE_NIGHT = ("--date", DAY.isoformat(), "--target")


class Terminal:
    """Who types which command of ``hedui bundle``."""

    def __init__(self, world: NightWorld, folder: Path) -> None:
        self.world = world
        self._env = {
            "HEDUI_SITE": str(DEMO_SITE), "HEDUI_LAKE": str(folder / "lake"), "HEDUI_REPORTS": str(folder / "reports"),
            "HEDUI_INBOX": str(folder / "inbox"), "HEDUI_CONN_HEDUI_LEDGER": world.url, "HEDUI_CONN_SHEBAO_DB": world.url,
            "HEDUI_DISPATCH_KEY": KEY, MASK_KEY_VARIABLE: SECRET, "COLUMNS": "400",
        }  # fmt: skip

    def type(self, *words: str, by: str = "analyst") -> Ran:
        return CliRunner(env={**self._env, "LOGNAME": by}).invoke(cli.app, ["bundle", *words])

    def read(self, *words: str, by: str = "analyst") -> str:
        """What a command prints that succeeds."""
        done = self.type(*words, by=by)
        assert done.exit_code == 0, done.exception or done.output
        return done.stdout

    def refused(self, *words: str, by: str = "analyst") -> str:
        """What a command says that refuses; the entry point prints it without a traceback and ends with an error."""
        done = self.type(*words, by=by)
        assert isinstance(done.exception, HeduiError), done.output
        return str(done.exception)

    def misused(self, *words: str) -> str:
        """What is said of words that the command does not take."""
        done = self.type(*words)
        assert done.exit_code == 2, done.output
        return done.output

    def approve(self, bundle: str, by: str = "manager", stage: Stage = Stage.BUSINESS) -> None:
        answer = Answer(approved=True, by=by, name=by, at=dt.datetime.now(dt.UTC), reason="已核对[/b]，同意[red]")
        assert decide(self.world.context, bundle, stage, answer) == ""

    def state(self, bundle: str) -> tuple[State, dict[CaseState, int]]:
        found = read_bundle(self.world.context, bundle)
        return found.state, dict(found.cases)


def lines(text: str) -> list[list[str]]:
    """A table's rows, cells as they stand between wide gaps."""
    return [re.split(r"\s{2,}", line.strip()) for line in text.splitlines() if line.strip()]


def world_of(folder: Path, url: str) -> NightWorld:
    context = Context(
        site=SITE, lake=Lake(str(folder / "lake")), reports=folder / "reports", inbox=str(folder / "inbox"), ledger_url=url,
        connection={"shebao_db": url}.__getitem__,
    )  # fmt: skip
    return NightWorld(context=context, url=url)


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str]) -> tuple[Path, str]:
    """The city and the province have wrong months of one person, the province of another: a folder and a database to copy."""
    folder, url = tmp_path_factory.mktemp("night"), new_database()
    upgrade(url)
    (folder / "inbox").mkdir()
    world = world_of(folder, url)
    world.everywhere()
    for source in ("shebao", "sheng"):
        world.of(source)[0]["months_paid"] = 110
    world.of("sheng")[1]["months_paid"] = 115
    world.night()
    world.make_table()
    return folder, url


@pytest.fixture
def terminal(tmp_path: Path, night: tuple[Path, str], postgres_server: Postgres, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv(ground.SERVER, postgres_server.url("postgres"))
    monkeypatch.setenv("HEDUI_DISPATCH_KEY", KEY)
    monkeypatch.setenv(MASK_KEY_VARIABLE, SECRET)
    monkeypatch.setattr("hedui.context.load_site", lambda folder: SITE)  # once read is enough
    folder, url = night
    name = f"commands_{uuid.uuid4().hex[:12]}"
    postgres_server.query("postgres", f'CREATE DATABASE "{name}" TEMPLATE "{make_url(url).database}"')
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    return Terminal(world_of(tmp_path, postgres_server.url(name)), tmp_path)


def test_from_the_outline_to_the_closed_bundle_and_its_rollback(terminal: Terminal) -> None:
    table = terminal.world.rows
    before = table()
    outlined = terminal.read("plan", *ON_THE_NIGHT, "shebao")
    assert [BUNDLE, "1", "上级正确，本地更正", "T06", "1", "1", "1", "0.00"] in lines(outlined)
    assert "以上仅为试算，加 --propose 正式提出" in outlined
    assert list_bundles(terminal.world.context) == []
    assert "没有可提出的处理方案" in terminal.read("plan", *ON_THE_NIGHT, "shebao", "--min-age", "1")
    assert terminal.read("list") == "没有处理方案\n"
    assert "manager may not propose corrections of shebao; analyst may" in terminal.refused(
        "plan", *ON_THE_NIGHT, "shebao", "--propose", by="manager"
    )
    assert "提出 1 个处理方案" in terminal.read("plan", *ON_THE_NIGHT, "shebao", "--propose")
    assert "has no frozen files" in terminal.refused("execute", BUNDLE, by="engineer")

    rehearsed = terminal.read("rehearse", BUNDLE)
    for said in ("改动行数：1", "差异已消除：1 / 1", "新出现的差异：0", "回退后与原状一致：通过", f"{BUNDLE}：演练通过"):
        assert said in rehearsed.splitlines()
    ask(terminal.world.context, BUNDLE)
    assert lines(terminal.read("list", "--state", "pending"))[1][:4] == [BUNDLE, "1", "shebao", "待批准"]
    assert terminal.read("list", "--state", "CLOSED,VOID") == "没有处理方案\n"
    assert "only an approved one is executed" in terminal.refused("execute", BUNDLE, by="engineer")
    terminal.approve(BUNDLE)
    for by, done in (("analyst", "申请"), ("manager", "业务部门审批")):
        assert f"{by} has done {done}" in terminal.refused("execute", BUNDLE, by=by)
    assert "whose mode is execute; use `hedui bundle execute`" in terminal.refused("dispatch", BUNDLE)
    assert table() == before
    executed = terminal.read("execute", BUNDLE, by="engineer")
    assert executed.splitlines() == ["影响行数：1", "此前已执行：否", f"{BUNDLE}：已执行"]
    assert terminal.read("execute", BUNDLE, by="engineer").splitlines()[:2] == ["影响行数：1", "此前已执行：是"]
    assert "作废 does not follow" in terminal.refused("void", BUNDLE, "--reason", "试", by="leader")

    prove(terminal.world.context, BUNDLE)
    terminal.approve(BUNDLE, "reviewer", Stage.REVIEW)
    assert terminal.state(BUNDLE) == (State.CLOSED, {CaseState.CLOSED: 1})
    assert "needs a reason and an approval of its own" in terminal.refused("rollback", BUNDLE)
    assert "stranger may not ask" in terminal.refused("rollback", BUNDLE, "--reason", "依据有误", by="stranger")
    asked = terminal.read("rollback", BUNDLE, "--reason", "依据有误")
    assert "请在 Airflow 运行“数据修正”" in asked
    assert asked.splitlines()[-2:] == [f"{BUNDLE}：回退待批准", "  依据有误"]
    terminal.approve(BUNDLE)
    assert "analyst has done 申请回退" in terminal.refused("rollback", BUNDLE)
    assert f"{BUNDLE}：已回退" in terminal.read("rollback", BUNDLE, by="engineer")
    assert table() == before
    assert terminal.state(BUNDLE) == (State.ROLLED_BACK, {CaseState.REOPENED: 1})


def test_a_bundle_goes_up_and_its_receipts_come_in_by_file_and_by_letter(terminal: Terminal) -> None:
    terminal.read("plan", *ON_THE_NIGHT, "sheng", "--propose")
    terminal.read("rehearse", BUNDLE)
    ask(terminal.world.context, BUNDLE)
    terminal.approve(BUNDLE)
    said = terminal.read("dispatch", BUNDLE, by="engineer").splitlines()
    assert said[0] == f"上报文件：{BUNDLE}.zip"
    assert re.fullmatch(r"回执期限：\d{4}-\d\d-\d\d", said[2])
    assert said[3] == f"{BUNDLE}：待回执"
    assert "whose mode is dispatch" in terminal.refused("execute", BUNDLE)

    _, frozen = frozen_bundle(terminal.world.context, BUNDLE)
    place = Path(terminal.world.context.inbox).parent / "corrections" / "receipts"
    place.mkdir()
    accepted = Receipt(
        number="S[1]", bundle=BUNDLE, manifest=frozen.digest, result=Result.ACCEPTED, issued_at=dt.datetime(2026, 6, 5, tzinfo=dt.UTC),
        issuer="省局[/red]",
    )  # fmt: skip
    (place / receipt_name(BUNDLE, "1")).write_bytes(write_receipt(accepted, key=KEY.encode()))
    forged = write_receipt(accepted, key=KEY[::-1].encode())
    (place / receipt_name(BUNDLE, "2")).write_bytes(forged)
    told = terminal.read("receipt", BUNDLE)
    assert [row[1:] for row in lines(told)[1:3]] == [
        ["文件", f"HZ_{BUNDLE}_1.json", "已受理", "有效"],
        ["文件", f"HZ_{BUNDLE}_2.json", "—", "签名不符，不采信", "签名不是共享密钥所作，或内容在签名后被改动"],
    ]
    assert told.splitlines()[-2:] == [f"{BUNDLE}：上级已受理", "  回执 S[1]（省局[/red]）：已受理"]

    letter = ("--number", "粤社函1号", "--issuer", "省局", "--issued", "2026-06-05", "--row", "2=缺少凭证[/]")
    assert "needs the number of its letter" in terminal.refused("receipt", BUNDLE, "--result", "partly", *letter)
    assert "--row '缺少' is not NUMBER=REASON" in terminal.refused("receipt", BUNDLE, "--result", "partly", "--row", "缺少")
    document = ("--document", "粤社函〔2026〕1号")
    assert "manager may not enter receipts" in terminal.refused(
        "receipt", BUNDLE, "--result", "partly", *letter, *document, by="manager"
    )
    assert "result" in terminal.refused("receipt", BUNDLE, "--result", "done", *letter, *document)
    entered = terminal.read("receipt", BUNDLE, "--result", "partly", *letter, *document)
    assert entered.splitlines()[0].startswith("有效")
    assert [row[1:6] for row in lines(entered) if "登记" in row] == [["登记", "粤社函〔2026〕1号", "部分执行", "2", "有效"]]
    assert terminal.state(BUNDLE) == (State.EXECUTED, {CaseState.SOLVED: 1, CaseState.REOPENED: 1})
    again = terminal.read("receipt", BUNDLE, "--result", "refused", "--note", "材料不全", *letter[:6], *document)
    assert again.splitlines()[0].startswith("与已生效回执矛盾，不采信")
    assert "was executed by others" in terminal.refused("rollback", BUNDLE, "--reason", "依据有误")

    second = terminal.read("plan", *ON_THE_NIGHT, "sheng", "--parent", BUNDLE, "--propose")
    assert lines(second)[1][:3] == [NEXT, "2", BUNDLE]
    story = terminal.read("show", BUNDLE)
    assert [row[:3] for row in lines(story)[-2:]] == [[BUNDLE, "1", "已执行"], [NEXT, "2", "草稿"]]
    assert "退回：缺少凭证[/]" in story


def test_a_bundle_is_voided_and_its_cases_are_open_again(terminal: Terminal) -> None:
    terminal.read("plan", *ON_THE_NIGHT, "shebao", "--propose")
    assert terminal.type("void", BUNDLE).exit_code == 2, "without a reason"
    assert "needs a reason" in terminal.refused("void", BUNDLE, "--reason", " ")
    assert "stranger may not void" in terminal.refused("void", BUNDLE, "--reason", "试", by="stranger")
    assert terminal.read("void", BUNDLE, "--reason", "见 [/b] 附件[red]").splitlines() == [f"{BUNDLE}：作废", "  见 [/b] 附件[red]"]
    assert terminal.state(BUNDLE) == (State.VOID, {CaseState.REOPENED: 1})
    assert "作废 does not follow" in terminal.refused("void", BUNDLE, "--reason", "再作废")
    assert 'no bundle "BUNDLE-1"' in terminal.refused("void", "BUNDLE-1", "--reason", "试")


def test_the_whole_story_is_told_in_order_and_as_json(terminal: Terminal) -> None:
    context = terminal.world.context
    terminal.read("plan", *ON_THE_NIGHT, "shebao", "--propose")
    assert "尚未冻结" in terminal.read("show", BUNDLE)
    terminal.read("rehearse", BUNDLE)
    ask(context, BUNDLE)
    terminal.approve(BUNDLE)
    terminal.read("execute", BUNDLE, by="engineer")
    prove(context, BUNDLE)
    with begin(context.ledger_url) as connection:
        case = connection.execute(select(models.BundleCase.fingerprint)).scalar_one()
        effect = {"bundle_id": BUNDLE, "fingerprint": case, "seen_on": DAY + dt.timedelta(days=1), "rule": "T10"}
        connection.execute(models.BundleEffect.__table__.insert().values(**effect))  # type: ignore[attr-defined]
        connection.execute(update(models.BundleCase).values(reason="人工[/x]说明"))
    bundle = read_bundle(context, BUNDLE)
    text = terminal.read("show", BUNDLE)
    told = lines(text)
    for fact in (
        ["方案编号", BUNDLE],
        ["轮次", "第 1 轮"],
        ["被修改系统", "市社保业务库（本级执行）"],
        ["状态", "已执行"],
        ["处置决定", "上级正确，本地更正"],
        ["依据的业务日期", "2026-06-04"],
        ["规则", "T06 累计缴费月数不一致"],
        ["案件、行、人", "1、1、1"],
        ["涉及金额（元）", "0.00"],
        ["申请人", "analyst"],
        ["冻结摘要（SHA-256）", str(bundle.digest)],
    ):
        assert fact in told
    way = [row[1:] for row in told[told.index(["经过"]) + 2 : told.index(["案件"])]]
    assert way == [
        ["analyst", "申请", "草稿"],
        ["system", "演练通过"],
        ["analyst", "待批准"],
        ["manager", "业务部门审批", "已批准", "已核对[/b]，同意[red]"],
        ["engineer", "执行", "执行中"],
        ["system", "已执行"],
        ["system", "已执行", "复读验证"],
    ]
    (line,) = told[told.index(["案件"]) + 2 : told.index(["引起的新差异"])]
    assert line[0] == "T06"
    assert "全国统筹系统" in line[1]
    assert line[2:] == ["权威矩阵", "验证", "人工[/x]说明", "1"]
    assert told[told.index(["引起的新差异"]) + 2] == ["T10", "2026-06-05", "1"]
    assert told[told.index(["各轮次"]) + 2] == [BUNDLE, "1", "已执行"]
    assert not re.search(r"99\d{15}[\dX]", text)

    document = json.loads(terminal.read("show", BUNDLE, "--json"))
    assert document["facts"]["方案编号"] == BUNDLE
    assert [event["操作人"] for event in document["经过"]] == [row[0] for row in way]
    assert document["引起的新差异"] == [{"规则": "T10", "首次出现": "2026-06-05", "案件数": "1"}]
    (listed,) = (json.loads(line) for line in [terminal.read("list", "--json", "--target", "shebao")])
    assert (listed["id"], listed["state"], listed["cases"], listed["figures"]["rows"]) == (BUNDLE, "EXECUTED", {"VERIFIED": 1}, 1)

    register, order = terminal.read("register", "--at", "2026-06-09"), terminal.read("order", BUNDLE)
    for printed in (register, order):
        assert Path(printed.split("✓")[1].strip()).stat().st_size > 5_000


def test_a_person_decides_about_a_case_by_its_token(terminal: Terminal) -> None:
    with begin(terminal.world.context.ledger_url) as connection:
        rows = connection.exec_driver_sql(
            "SELECT fingerprint, field FROM hedui.reconciliation_case WHERE field = 'months_paid'"
        ).all()
    token = str(pseudonym(rows[0].fingerprint.hex))
    words = ("decide", token, "--reason", "档案[/b]核查")
    assert "likely is not one of LOCAL_RIGHT" in terminal.misused(*words, "--decision", "likely")
    assert "needs the right value" in terminal.refused(*words, "--decision", "both_wrong")
    assert "give a whole number" in terminal.refused(*words, "--decision", "both_wrong", "--value", "一百")
    assert "no case 0000000000000000" in terminal.refused("decide", "0" * 16, "--reason", "核查", "--decision", "manual")
    assert f"案件 {token}：差异可解释，不更正" in terminal.read(*words, "--decision", "explained")
    outlined = terminal.read("plan", *ON_THE_NIGHT, "sheng", "--case", token)
    assert "没有可提出的处理方案" in outlined
    assert ["差异可解释，不更正", "T06", "档案[/b]核查", "1"] in lines(outlined)


def test_slips_of_the_pen_are_told(terminal: Terminal) -> None:
    assert "SLEEPING is not one of DRAFT" in terminal.misused("list", "--state", "sleeping")
    assert 'kinds "ATT"' in terminal.refused("plan", *ON_THE_NIGHT, "shebao", "--kind", "ATT")
    narrowed = ("--insurance", "150", "--max-age", "3", "--max-amount", "5.5", "--kind", "ATTR,STATUS")
    assert "没有可提出的处理方案" in terminal.read("plan", *ON_THE_NIGHT, "shebao", *narrowed)
    assert "nowhere" in terminal.refused("plan", *ON_THE_NIGHT, "nowhere")
    assert "2026-13-01" in terminal.misused("plan", "--date", "2026-13-01", "--target", "shebao")
    assert 'no bundle "BUNDLE-1"' in terminal.refused("show", "BUNDLE-1")
    for command in ("rehearse", "execute", "dispatch", "receipt", "order"):
        assert 'no bundle "BUNDLE-1"' in terminal.refused(command, "BUNDLE-1")
