"""Files on an SFTP server that is slow, drops, lies or is somebody else's."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import asyncssh
import pytest

from hedui.errors import SourceError, SourceIncompleteError, SourceMissingError
from hedui.sources import inbox_steady
from hedui.sources.inbox import Place
from integration.sources.deliveries import packet, people, receive
from integration.sources.servers import SftpServer, sftp_server

XML = {"type": "xml", "path": "{date:%Y%m%d}/*.xml", "inbox": "exchange"}


@pytest.fixture
def server(tmp_path) -> Iterator[SftpServer]:
    (tmp_path / "inbox" / "20260603").mkdir(parents=True)
    with sftp_server(tmp_path) as running:
        yield running


def put(server: SftpServer, name: str, content: bytes) -> Path:
    target = server.root / "inbox" / "20260603" / name
    target.write_bytes(content)
    return target


def read(server: SftpServer, **options):
    return receive(server.root / "elsewhere", options.pop("reader", XML), connections={"exchange": server.url()}, **options)


def test_packets_on_a_server(server):
    put(server, "一.xml", packet(people(2)))
    put(server, "a.xml", packet(people(3000)))

    received = read(server)

    assert [(one.name, one.rows) for one in received.packets] == [("20260603/a.xml", 3000), ("20260603/一.xml", 2)]
    assert received.values[-1] == ["P00002", "张测试2", None]
    assert received.packets[0].modified is not None


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    monkeypatch.setattr(inbox_steady, "FIRST_PAUSE", 0)


def test_a_server_that_drops_in_the_middle_of_a_file(server):
    content = packet(people(30_000))
    put(server, "a.xml", content)
    undisturbed = read(server)
    server.breaks, server.after = 2, 400_000

    received = read(server)

    assert server.drops == 2
    assert received == undisturbed
    assert received.packets[0].sha256 == hashlib.sha256(content).hexdigest()


def test_a_server_that_drops_again_and_again(server):
    put(server, "a.xml", packet(people(30_000)))
    server.breaks, server.after = 1_000, 400_000

    with pytest.raises(SourceError, match=r"a\.xml cannot be read: .* Reading it again later may help"):
        read(server)


def test_a_file_that_is_replaced_while_the_connection_is_down(server, monkeypatch):
    file = put(server, "a.xml", packet(people(30_000)))
    server.breaks, server.after = 1, 400_000
    original = Place.reconnect

    def reconnect(place: Place) -> None:
        file.write_bytes(packet(people(29_999)))
        original(place)

    monkeypatch.setattr(Place, "reconnect", reconnect)

    with pytest.raises(SourceError, match="changed while it was read"):
        read(server)


def test_a_packet_that_is_still_being_written(server):
    file = put(server, "a.xml", packet(people(2))[:-50])
    reader = XML | {"complete": {"marker": "{path}.ok"}}
    with pytest.raises(SourceIncompleteError, match=r"its marker 20260603/a\.xml\.ok is not there"):
        read(server, reader=reader)

    file.write_bytes(packet(people(2)))
    put(server, "a.xml.ok", b"")

    assert len(read(server, reader=reader).rows) == 2


def test_nothing_there(server):
    with pytest.raises(SourceMissingError, match="no packet of person is in the inbox"):
        read(server)


def test_an_archive_is_fetched_before_it_is_read(server):
    with zipfile.ZipFile(server.root / "inbox" / "20260603" / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.xml", packet(people(3)))

    received = read(server, reader=XML | {"path": "{date:%Y%m%d}/*.zip", "archive": "zip"})

    assert [(one.name, one.rows) for one in received.packets] == [("20260603/a.zip!x.xml", 3)]


def test_a_server_with_another_key(server):
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    with pytest.raises(SourceError, match=r"the SFTP server 127\.0\.0\.1 cannot be reached .*Host key is not trusted"):
        receive(server.root, XML, connections={"exchange": server.url(host_key=other)})


def test_a_wrong_password_is_not_repeated(server):
    with pytest.raises(SourceError, match=r"cannot be reached .*check the connection") as caught:
        receive(server.root, XML, connections={"exchange": server.url(password="geheim")})
    assert "geheim" not in str(caught.value)


def test_no_server():
    with pytest.raises(SourceError, match="cannot be reached"):
        receive("/tmp", XML, connections={"exchange": "sftp://a:b@127.0.0.1:1/inbox"})
