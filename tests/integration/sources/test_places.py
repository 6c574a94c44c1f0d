"""Places that must not be trusted: links and pipes in an inbox, connections whose URL is wrong."""

from __future__ import annotations

import os

import pytest

from hedui.errors import SourceError
from integration.sources.deliveries import packet, people, receive

XML = {"type": "xml", "path": "{date:%Y%m%d}/*.xml"}


def test_a_link_that_leaves_its_folder_is_not_read(tmp_path):
    (tmp_path / "other.xml").write_bytes(packet(people(3)))
    inbox = tmp_path / "inbox" / "20260603"
    inbox.mkdir(parents=True)
    (inbox / "a.xml").symlink_to(tmp_path / "other.xml")

    with pytest.raises(SourceError, match=r"20260603/a\.xml is a link to a file elsewhere"):
        receive(tmp_path / "inbox", XML)


def test_a_link_within_its_folder_is_read(tmp_path):
    inbox = tmp_path / "20260603"
    inbox.mkdir()
    (inbox / ".sent").write_bytes(packet(people(3)))
    (inbox / "a.xml").symlink_to(".sent")

    assert len(receive(tmp_path, XML).rows) == 3


def test_a_pipe_is_not_waited_for(tmp_path):
    inbox = tmp_path / "20260603"
    inbox.mkdir()
    os.mkfifo(inbox / "a.xml")

    with pytest.raises(SourceError, match=r"20260603/a\.xml is no file"):
        receive(tmp_path, XML)


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("sftp://sender:ge#heim@127.0.0.1:1/inbox", id="a sign in the password"),
        pytest.param("sftp://sender:ge/heim@127.0.0.1:1/inbox", id="a slash in the password"),
        pytest.param("nosuch://a:geheim@host/inbox", id="a driver"),
    ],
)
def test_a_wrong_url_is_refused_without_being_quoted(url, tmp_path):
    with pytest.raises(SourceError, match="the URL of its inbox") as caught:
        receive(tmp_path, XML | {"inbox": "exchange"}, connections={"exchange": url})
    text = f"{caught.value} {caught.value.__cause__ or ''}"
    assert not any(part in text for part in ("geheim", "'ge'", "heim@"))
