"""The script that makes the virtual environment: pip's settings as pip reads them, pip's wheel from the configured index."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def bootstrap() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bootstrap", ROOT / "scripts" / "bootstrap.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_CERT", "XDG_CONFIG_HOME", "PIP_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def index(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A package index on this machine: its address and the folder that it serves."""
    folder = tmp_path / "index"
    (folder / "simple" / "pip").mkdir(parents=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/simple", folder
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.usefixtures("_no_settings")
def test_settings_come_from_the_users_file(bootstrap: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / ".config" / "pip" / "pip.conf"
    file.parent.mkdir(parents=True)
    file.write_text(
        "[global]\nindex-url = http://a/simple\nextra-index-url = http://b/simple\n    http://c/simple\n", encoding="utf-8"
    )
    settings = bootstrap.pip_settings()
    assert settings["index-url"] == ["http://a/simple"]
    assert settings["extra-index-url"] == ["http://b/simple", "http://c/simple"]


@pytest.mark.usefixtures("_no_settings")
def test_the_environment_wins_over_the_file(bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "own.conf"
    file.write_text("[global]\nindex-url = http://a/simple\n", encoding="utf-8")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(file))
    monkeypatch.setenv("PIP_INDEX_URL", "http://b/simple")
    assert bootstrap.pip_settings()["index-url"] == ["http://b/simple"]


def settings_of(url: str) -> dict[str, list[str]]:
    return {"index-url": [url], "extra-index-url": [], "find-links": [], "cert": []}


def publish(folder: Path, *, digest: str | None = None) -> bytes:
    """Puts two wheels named like pip's on the index and returns the newer one's content."""
    content = b"the newer wheel"
    (folder / "pip-9.0.3-py3-none-any.whl").write_bytes(b"the older wheel")
    (folder / "pip-26.1-py3-none-any.whl").write_bytes(content)
    names = {
        "pip-9.0.3-py3-none-any.whl": "",
        "pip-26.1-py3-none-any.whl": f"#sha256={digest or hashlib.sha256(content).hexdigest()}",
    }
    links = "".join(f'<a href="/{name}{anchor}">{name}</a>' for name, anchor in names.items())
    (folder / "simple" / "pip" / "index.html").write_text(f'{links}<a href="/pip-26.2.tar.gz">source</a>', encoding="utf-8")
    return content


def test_pip_comes_from_the_configured_index_in_its_newest_version(
    bootstrap: ModuleType, index: tuple[str, Path], tmp_path: Path
) -> None:
    url, folder = index
    content = publish(folder)
    wheel = bootstrap.fetch_pip(tmp_path, settings_of(url))
    assert wheel.name == "pip-26.1-py3-none-any.whl"
    assert wheel.read_bytes() == content


def test_a_wheel_with_another_digest_is_refused(bootstrap: ModuleType, index: tuple[str, Path], tmp_path: Path) -> None:
    url, folder = index
    publish(folder, digest="0" * 64)
    with pytest.raises(SystemExit, match="does not have the digest"):
        bootstrap.fetch_pip(tmp_path, settings_of(url))


def test_without_an_index_the_message_says_what_to_install(bootstrap: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="install python3-venv"):
        bootstrap.fetch_pip(tmp_path, settings_of(f"file://{tmp_path}/nothing"))


def test_an_old_python_is_refused(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "OLDEST", (99, 0))
    with pytest.raises(SystemExit, match=r"needs 3\.11 or newer"):
        bootstrap.main()
