"""No password in a setting that logs, messages or people may see."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter
from typer.testing import CliRunner

from hedui.cli import app
from hedui.context import Context, context_from_environment
from hedui.errors import HeduiError, SourceError
from hedui.lake import Lake
from hedui.security.urls import is_plain, without_user
from hedui.site.check_transports import transport_problems
from hedui.site.padis_transport import Transport
from hedui.sources.inbox import open_place

SITE = Path(__file__).resolve().parents[3] / "include" / "sites" / "demo"
TELLING = [
    pytest.param("sftp://sender:geheim@host/inbox", id="password"),
    pytest.param("sftp://sender:ge/heim@host/inbox", id="password that is not encoded"),
    pytest.param("s3://bucket/inbox?secret=geheim", id="options"),
    pytest.param("zip://*.xml::sftp://sender:geheim@host/a.zip", id="chained"),
    pytest.param("https://host/inbox#geheim", id="fragment"),
]


def context(**given: Any) -> Context:
    usual = {"site": None, "lake": Lake("/tmp/none"), "reports": Path("/tmp/none"), "inbox": "/tmp/none", "ledger_url": ""}
    return Context(**(usual | {"site": _site()} | given))


def _site() -> Any:
    from hedui.site import load_site

    return load_site(SITE)


@pytest.mark.parametrize("url", TELLING)
def test_an_inbox_that_tells_a_password_is_refused_without_repeating_it(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    values = {
        "SITE": str(SITE),
        "LAKE": "/tmp/none",
        "REPORTS": "/tmp",
        "INBOX": url,
        "CONN_HEDUI_LEDGER": "postgresql://u:geheim@h/l",
    }
    for name, value in values.items():
        monkeypatch.setenv(f"HEDUI_{name}", value)
    with pytest.raises(HeduiError, match=r"^HEDUI_INBOX is a URL with .* HEDUI_INBOX to the connection's name\.$") as caught:
        context_from_environment()
    assert "heim" not in str(caught.value)


def test_a_lake_that_tells_a_password_is_refused() -> None:
    with pytest.raises(HeduiError, match=r"^HEDUI_LAKE is a URL with a user") as caught:
        context(lake=Lake("memory://user:geheim@lake"))
    assert "geheim" not in str(caught.value)


def test_a_context_does_not_show_the_ledgers_password() -> None:
    shown = repr(context(ledger_url="postgresql://hedui:geheim@host/ledger", connection={"a": "sftp://u:geheim@h"}.__getitem__))
    assert "geheim" not in shown
    assert "/tmp/none" in shown


@pytest.mark.parametrize("url", TELLING)
def test_a_place_that_tells_a_password_is_not_opened(url: str) -> None:
    with (
        pytest.raises(SourceError, match="holds a user, a password or options; make a connection") as caught,
        open_place(context(), "x", url),
    ):
        pass
    assert "heim" not in str(caught.value)


def test_a_name_that_is_no_connection_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEDUI_CONN_INBOX", raising=False)
    says = r"set HEDUI_CONN_INBOX to its URL.* A folder is written with a slash, such as \./inbox\."
    with pytest.raises(SourceError, match=says), open_place(context(inbox="inbox"), "x", None):
        pass


@pytest.mark.parametrize("url", ["/data/a@b", "./inbox", "s3://bucket/inbox", "sftp://host:22/inbox", "exchange"])
def test_a_place_and_nothing_else(url: str) -> None:
    assert is_plain(url)


def test_a_text_loses_the_users_of_its_urls() -> None:
    assert without_user('"sftp://u:p@ss/w@host/x" and "s3://k:s@b"') == '"sftp://…@host/x" and "s3://…@b"'


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("sources/linghuo.yaml", "receipts: \"outbox/linghuo/", "receipts: \"sftp://u:geheim@h/"),
        ("sources/linghuo.yaml", "decisions:", "decissions: \"sftp://u:geheim@h/\"\n  decisions:"),
        ("corrections.yaml", "url: corrections/outbox", "url: \"sftp://u:geheim@h/\""),
    ],
    ids=["receipts", "unknown setting", "outbox"],
)  # fmt: skip
def test_the_sites_check_tells_and_does_not_repeat_it(file: str, old: str, new: str, tmp_path: Path) -> None:
    site = tmp_path / "site"
    shutil.copytree(SITE, site)
    content = (site / file).read_text(encoding="utf-8")
    assert content.count(old) == 1 or old == "decisions:"
    (site / file).write_text(content.replace(old, new, 1), encoding="utf-8")
    result = CliRunner().invoke(app, ["site", "check", "--site", str(site)])
    told = f"{result.output} {result.exception}"
    assert file in told
    assert "geheim" not in told


def test_a_folder_transport_names_a_connection() -> None:
    transport = TypeAdapter(Transport).validate_python({"type": "sftp", "place": "sftp://u:geheim@h/x"})
    assert [path for path, what in transport_problems(transport, ["name"]) if "make a connection" in what] == [("place",)]
