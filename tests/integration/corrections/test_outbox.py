"""The outbox on a folder and on a real SFTP server: whole or not at all, also when the disk is full."""

from __future__ import annotations

import subprocess
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from hedui.context import Context
from hedui.corrections.dispatch.errors import DispatchConflictError, DispatchError, OutboxFullError
from hedui.corrections.dispatch.outbox import listed, open_folder, put
from hedui.corrections.dispatch.pack import pack
from hedui.digests.files import file_digest
from hedui.lake import Lake
from hedui.site import load_site
from hedui.site.corrections import Outbox
from integration.sources.servers import SftpServer, sftp_server

SITE = load_site(Path(__file__).resolve().parents[3] / "include" / "sites" / "demo")
FOLDER = Outbox(url="corrections/outbox", receipts="corrections/receipts")
OVER_SFTP = Outbox(url="outbox", receipts="receipts", connection="province")


@pytest.fixture
def context(tmp_path: Path) -> Context:
    (tmp_path / "var" / "inbox").mkdir(parents=True)
    lake = Lake(str(tmp_path / "lake"))
    return Context(site=SITE, lake=lake, reports=tmp_path, inbox=str(tmp_path / "var" / "inbox"), ledger_url="")


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    """A file of 700 kB."""
    file = tmp_path / "BUNDLE-990100-20260603-01.zip"
    file.write_bytes(bytes(range(250)) * 2800)
    return file


@contextmanager
def full_disk(folder: Path, *names: str) -> Iterator[None]:
    """The folder on a disk of 16 kB; where nothing may be mounted, files of the names whose every byte the kernel has no room for."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=16k", "hedui-test", str(folder)]
    mounted = subprocess.run(mount, capture_output=True).returncode == 0
    if not mounted:
        no_room_for(folder, *names)
    try:
        yield
    finally:
        if mounted:
            subprocess.run(["umount", str(folder)], check=True)


def no_room_for(folder: Path, *names: str) -> None:
    """Lets what is written under the names meet ENOSPC."""
    for name in names:
        (folder / f"{name}.part").symlink_to("/dev/full")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SftpServer]:
    (tmp_path / "inbox").mkdir()
    with sftp_server(tmp_path) as running:
        yield running


@pytest.fixture(params=["folder", "sftp"])
def outbox(request: pytest.FixtureRequest, context: Context, tmp_path: Path) -> tuple[Context, Outbox, Path]:
    """Context, outbox, and the folder that it is."""
    if request.param == "folder":
        return context, FOLDER, tmp_path / "var" / "corrections" / "outbox"
    server: SftpServer = request.getfixturevalue("server")
    urls: dict[str, str] = {"province": server.url()}
    return replace(context, connection=urls.__getitem__), OVER_SFTP, tmp_path / "inbox" / "outbox"


def send(context: Context, outbox: Outbox, file: Path) -> bool:
    with open_folder(context, "sheng", outbox, outbox.url) as place:
        return put(place, file.name, file)


def test_a_file_is_put_once_and_whole(outbox: tuple[Context, Outbox, Path], packed: Path) -> None:
    context, where, folder = outbox
    assert send(context, where, packed)
    assert [file.name for file in folder.iterdir()] == [packed.name]
    assert (folder / packed.name).read_bytes() == packed.read_bytes()
    assert not send(context, where, packed)


def test_another_content_under_the_same_name_is_not_overwritten(outbox: tuple[Context, Outbox, Path], packed: Path) -> None:
    context, where, folder = outbox
    send(context, where, packed)
    before = (folder / packed.name).read_bytes()
    packed.write_bytes(before[::-1])
    with pytest.raises(DispatchConflictError, match="with another content"):
        send(context, where, packed)
    assert (folder / packed.name).read_bytes() == before


def test_a_full_disk_leaves_nothing_and_the_next_try_succeeds(outbox: tuple[Context, Outbox, Path], packed: Path) -> None:
    context, where, folder = outbox
    expected = OutboxFullError if where is FOLDER else DispatchError  # SFTP's version 3 says only "failure"
    with full_disk(folder, packed.name):
        with pytest.raises(expected, match=packed.name):
            send(context, where, packed)
        assert list(folder.iterdir()) == []
    assert send(context, where, packed)
    assert (folder / packed.name).read_bytes() == packed.read_bytes()


def test_what_a_killed_dispatch_has_left_is_written_anew(outbox: tuple[Context, Outbox, Path], packed: Path) -> None:
    context, where, folder = outbox
    folder.mkdir(parents=True)
    (folder / f"{packed.name}.part").write_bytes(packed.read_bytes()[:1000])
    assert send(context, where, packed)
    assert [file.name for file in folder.iterdir()] == [packed.name]


def test_receipts_are_listed_by_name_and_a_folder_that_is_not_there_has_none(outbox: tuple[Context, Outbox, Path]) -> None:
    context, where, folder = outbox

    def read() -> list[tuple[str, bytes]]:
        with open_folder(context, "sheng", where, where.receipts) as place:
            return list(listed(place, "HZ_A_*.json", most_bytes=4))

    assert read() == []
    receipts = folder.parent / "receipts"
    receipts.mkdir(parents=True)
    for name in ("HZ_A_2.json", "HZ_A_1.json", "HZ_B_1.json", "HZ_A_1.json.part"):
        (receipts / name).write_bytes(name.encode())
    assert read() == [("HZ_A_1.json", b"HZ_A"), ("HZ_A_2.json", b"HZ_A")]


def test_where_folders_are(context: Context, server: SftpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def base(context: Context, outbox: Outbox, folder: str) -> str:
        with open_folder(context, "sheng", outbox, folder) as place:
            return place.base

    urls = {"province": server.url(), "bucket": "s3://key:secret@bucket", "deep": "s3://key:secret@bucket/in/box"}
    connected = replace(context, connection=urls.__getitem__)
    assert base(context, FOLDER, "corrections/outbox").endswith("/var/corrections/outbox")
    assert base(context, FOLDER, "/mnt/out") == "/mnt/out"
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    assert base(context, FOLDER, "s3://bucket/out") == "bucket/out"
    assert base(connected, OVER_SFTP, "up/out") == "/inbox/up/out"
    assert base(connected, OVER_SFTP, ".") == "/inbox"
    assert base(replace(connected, inbox="province"), FOLDER, "up/out") == "/up/out"
    assert base(replace(connected, inbox="deep"), FOLDER, "out") == "bucket/in/out"
    with pytest.raises(DispatchError, match="no place for out beside the inbox, which is a whole store"):
        base(replace(connected, inbox="bucket"), FOLDER, "out")


def _bundle(folder: Path) -> Path:
    for name, content in (("manifest.json", b"{}"), ("03_sql/20_apply.sql", b"UPDATE"), ("08_decisions/x.xlsx", b"later")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def test_a_packed_bundle_has_the_frozen_files_only_and_is_always_the_same(tmp_path: Path) -> None:
    made = []
    for place in ("one", "two"):
        folder = _bundle(tmp_path / place / "BUNDLE-1")
        made.append(pack(folder, tmp_path / f"{place}.zip"))
        assert made[-1] == file_digest(tmp_path / f"{place}.zip")
    assert made[0] == made[1]
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        assert archive.namelist() == ["BUNDLE-1/03_sql/20_apply.sql", "BUNDLE-1/manifest.json"]
        assert archive.testzip() is None
