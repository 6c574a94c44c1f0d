"""The whole way of a packet where the site's inbox is on a server: looked for, read, receipted; and nobody reads the password."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from lxml import etree
from sqlalchemy import MetaData, create_engine, text

from hedui import steps
from hedui.batches import monitor
from hedui.batches.exchange import recorded_exchange
from hedui.batches.receipts import package
from hedui.site import load_site
from integration.batches.conftest import FILES, THU, WED, World
from integration.sources.servers import PASSWORD, object_store, sftp_server

SENT = '  sent: {path: "sent/{date:%Y%m%d}/*.xml", receipts: "out/{date:%Y%m%d}/SSHZ001_*.xml"}\n'
MORNING = dt.datetime(2026, 6, 4, 4, 0, tzinfo=dt.UTC)
SECRETS = (PASSWORD, quote(PASSWORD, safe=""), "p@ss", "p%40ss", "se/cret", "se%2Fcret")


@dataclass(frozen=True, kw_only=True)
class Held:
    """A site's inbox somewhere, seen from the side of those who put files there.

    Attributes:
        inbox: What HEDUI_INBOX says.
        connections: URLs by connection.
        put: Puts a file there.
        seen: All files there, by path.
    """

    inbox: str
    connections: dict[str, str]
    put: Callable[[str, bytes], None]
    seen: Callable[[], dict[str, bytes]]


@contextmanager
def folder(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    def put(name: str, content: bytes) -> None:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)

    def seen() -> dict[str, bytes]:
        return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}

    yield Held(inbox=str(path), connections={}, put=put, seen=seen)


@contextmanager
def sftp(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    with sftp_server(path.parent) as server, folder(path, monkeypatch) as local:
        yield replace(local, inbox="exchange", connections={"exchange": server.url()})


@contextmanager
def store(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    with object_store() as running:
        yield Held(inbox="exchange", connections={"exchange": running.url}, put=running.put, seen=running.seen)


@contextmanager
def environment(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    with object_store() as running:
        values = {
            "ENDPOINT_URL": running.endpoint,
            "ACCESS_KEY_ID": "key",
            "SECRET_ACCESS_KEY": "se/cret",
            "DEFAULT_REGION": "us-east-1",
        }
        for name, value in values.items():
            monkeypatch.setenv(f"AWS_{name}", value)
        yield Held(inbox="s3://exchange/inbox", connections={}, put=running.put, seen=running.seen)


KINDS = {"folder": folder, "sftp": sftp, "store": store, "environment": environment}


def play(world: World, held: Held, tell: list[str]) -> dict[str, Any]:
    """Two days: a packet with a value that cannot be taken, its resend, people's decision; what is left of it everywhere."""
    connections = {"zhong_db": f"sqlite:///{world.folder / 'zhong.db'}", "hedui_ledger": world.ledger} | held.connections
    bao = world.folder / "site" / "sources" / "bao.yaml"
    bao.write_text(FILES["sources/bao.yaml"].replace("datasets:", f"{SENT}datasets:", 1), encoding="utf-8")
    context = replace(world.context, site=load_site(world.folder / "site"), inbox=held.inbox, connection=connections.__getitem__)
    source = context.site.source("bao")

    def packet(day: dt.date, sequence: int, number: str, *lines: tuple[str, str], **head: str) -> None:
        usual = {
            "SJBBH": number, "SJBLX": "JFXX102", "SFCF": "0", "JGBS": "99010101", "JLS": str(len(lines)), "SCRQ": f"{day:%Y%m%d}120000"
        }  # fmt: skip
        records = [{"AAZ083": detail, "AAA027": "990101", "AAE082": amount} for detail, amount in lines]
        held.put(f"bao/{day:%Y%m%d}/P_99010101_{sequence:04d}.xml", package(usual | head, records))

    looked = [sorted(item.subject for item in monitor.look(context, MORNING))]
    packet(WED, 1, "A1", ("D1", "10.00"), ("D2", "zehn"))
    packet(WED, 2, "A2", ("D3", "1.00"), JLS="7")
    held.put(f"sent/{WED:%Y%m%d}/S_1.xml", package({"SJBBH": "A1", "SJBLX": "JFXX102"}, []))
    world.recorded(WED, ("D1", "11.00"))
    looked.append(sorted(item.subject for item in monitor.look(context, MORNING)))
    done = [steps.extract(context, name, WED) for name in ("bao", "zhong")]
    done += [steps.compare(context, "paid", WED), steps.record(context, WED)]
    once = held.seen()
    assert steps.extract(context, "bao", WED).counts["receipts_written"] == 0
    assert held.seen() == once
    packet(WED, 2, "A2", ("D3", "1.00"))
    assert steps.extract(context, "bao", WED).counts["receipts_written"] == 1
    packet(THU, 1, "A1", ("D1", "10.00"), ("D2", "20.00"), SFCF="1", SCRQ="20260604120000")
    held.put(f"bao/{THU:%Y%m%d}/decisions.csv", "数据包编号,处理,理由,批准人\nA1,确认,试,主管\n".encode())
    done.append(steps.extract(context, "bao", THU))
    tell += [repr(context), repr(done), *map(repr, looked)]
    return {
        "looked": looked,
        "receipts": {name: content for name, content in held.seen().items() if name.startswith("out/")},
        "exchange": recorded_exchange(context.lake, source),
        "lake": world.everything(),
    }


def written(world: World) -> str:
    """All that is kept: every file of the world but its inbox, and the ledger."""
    files = [file.read_bytes() for file in world.folder.rglob("*") if file.is_file()]
    engine = create_engine(world.ledger)
    found = MetaData()
    found.reflect(engine)
    with engine.connect() as connection:
        lines = [str(row) for name in found.tables for row in connection.execute(text(f'SELECT t::text FROM "{name}" t'))]
    engine.dispose()
    return b"\n".join(files).decode("latin-1") + "\n".join(lines)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str]) -> dict[str, Any]:
    """What is left where the inbox is a folder."""
    from hedui.ledger.schema import upgrade

    ledger = new_database()
    upgrade(ledger)
    with pytest.MonkeyPatch.context() as patch, folder(tmp_path_factory.mktemp("inbox"), patch) as held:
        return play(World(folder=tmp_path_factory.mktemp("batches"), ledger=ledger), held, [])


def test_a_folder_is_the_measure(expected: dict[str, Any]) -> None:
    before, after = expected["looked"]
    assert set(before) - set(after) == {"missing:bao:2026-06-03", "missing:zhong:2026-06-03"}
    assert {name: result_of(content) for name, content in expected["receipts"].items()} == {
        "out/20260603/SSHZ001_P_99010101_0001.xml": "0",
        "out/20260603/JYFK101_P_99010101_0001.xml": "AAE082",
        "out/20260603/SSHZ001_P_99010101_0002.xml": "0",
        "out/20260603/YWJY101_P_99010101_0001.xml": "R05",
        "out/20260604/SSHZ001_P_99010101_0001.xml": "0",
    }
    wednesday, thursday = (expected["exchange"][day] for day in (WED, THU))
    assert [(sent.key, sent.type) for sent in wednesday.sent] == [("A1", "JFXX102")]
    assert [(receipt.key, receipt.ok) for receipt in wednesday.receipts] == [("A1", True), ("A2", False)]
    assert [(decision.key, decision.kind, decision.approver) for decision in thursday.decisions] == [("A1", "confirm", "主管")]


def result_of(content: bytes) -> str | None:
    """What a receipt says of its first record: the result, the field or the rule."""
    [first, *_] = etree.fromstring(content).findall("Data/Record")
    return first.findtext("RECODE") or first.findtext("SJX") or first.findtext("SBYY_DM")


@pytest.mark.parametrize("kind", ["sftp", "environment", pytest.param("store", marks=pytest.mark.slow)])
def test_the_whole_way_on_a_server(
    kind: str, make_world: Callable[[], World], expected: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    caplog.set_level(logging.DEBUG)
    world, told = make_world(), []
    (tmp_path / "inbox").mkdir()
    with KINDS[kind](tmp_path / "inbox", monkeypatch) as held:
        assert play(world, held, told) == expected
    said = "\n".join([*told, caplog.text, *capfd.readouterr(), written(world)])
    assert [secret for secret in SECRETS if secret in said] == []
