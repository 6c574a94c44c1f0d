"""Makes a virtual environment and installs requirement locks into it, with nothing but Python's standard library at hand.

Usage: ``python3 scripts/bootstrap.py <venv> <requirements.txt>…``

Debian splits ``ensurepip`` off into the package python3-venv. Where it is missing, pip's own wheel is fetched from the package index
that pip is configured to use. Packages are installed by uv where uv can be had, else by pip. Running it again changes nothing.
"""

from __future__ import annotations

import configparser
import hashlib
import html
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
import venv
from pathlib import Path

OLDEST = (3, 11)
DEFAULT_INDEX = "https://pypi.org/simple"  # pip's own default
ROOT = Path(__file__).resolve().parents[1]


def pip_settings() -> dict[str, list[str]]:
    """index-url, extra-index-url, find-links and cert, as pip would read them: environment first, then its files."""
    names = ("index-url", "extra-index-url", "find-links", "cert")
    home = Path(os.environ.get("HOME") or "/nonexistent")
    files = [Path("/etc/pip.conf"), home / ".pip" / "pip.conf", home / ".config" / "pip" / "pip.conf"]
    if os.environ.get("XDG_CONFIG_HOME"):
        files.append(Path(os.environ["XDG_CONFIG_HOME"]) / "pip" / "pip.conf")
    if os.environ.get("PIP_CONFIG_FILE"):
        files.append(Path(os.environ["PIP_CONFIG_FILE"]))
    parser = configparser.RawConfigParser()
    parser.read([file for file in files if os.access(file, os.R_OK)], encoding="utf-8")
    settings: dict[str, list[str]] = {}
    for name in names:
        text = os.environ.get(f"PIP_{name.upper().replace('-', '_')}")
        for section in ("install", "global"):
            if text is None and parser.has_option(section, name):
                text = parser.get(section, name)
        settings[name] = (text or "").split()
    return settings


def fetch_pip(folder: Path, settings: dict[str, list[str]]) -> Path:
    """Downloads pip's newest wheel into ``folder`` and checks its digest where the index gives one."""
    indexes = settings["index-url"] or [DEFAULT_INDEX]
    pages = [f"{index.rstrip('/')}/pip/" for index in [*indexes, *settings["extra-index-url"]]]
    found: list[tuple[tuple[int, ...], str]] = []
    for page in pages:
        address = f"{page}index.html" if page.startswith("file:") else page
        try:
            with urllib.request.urlopen(address, timeout=60) as answer:  # noqa: S310 - the user's own index
                text = answer.read().decode("utf-8", "replace")
        except OSError:
            continue
        for link in re.findall(r'href="([^"]+)"', text):
            wheel = re.search(r"/pip-(\d+(?:\.\d+)*)-py3-none-any\.whl", f"/{link}")
            if wheel:
                version = tuple(int(part) for part in wheel.group(1).split("."))
                found.append((version, urllib.parse.urljoin(page, html.unescape(link))))
    if not found:
        sys.exit("pip is missing and no package index can be reached: install python3-venv (apt), or set PIP_INDEX_URL.")
    url = max(found)[1]
    target = folder / url.partition("#")[0].rsplit("/", 1)[1]
    with urllib.request.urlopen(url, timeout=120) as answer:  # noqa: S310 - the user's own index
        target.write_bytes(answer.read())
    digest = re.search(r"#sha256=([0-9a-f]{64})", url)
    if digest and hashlib.sha256(target.read_bytes()).hexdigest() != digest.group(1):
        sys.exit(f"{target.name} from the package index does not have the digest that the index names; try again.")
    return target


def make_environment(folder: Path, settings: dict[str, list[str]]) -> Path:
    """Makes the virtual environment with pip where it is missing or broken, and returns its Python."""
    python = folder / "bin" / "python"
    if python.exists() and subprocess.run([python, "-c", "import pip"], capture_output=True, check=False).returncode == 0:  # noqa: S603
        return python
    shutil.rmtree(folder, ignore_errors=True)
    print(f"Making {folder} with Python {sys.version.split()[0]} …", flush=True)
    have_pip = importlib.util.find_spec("ensurepip") is not None
    try:
        venv.create(folder, with_pip=have_pip, symlinks=True)
    except subprocess.CalledProcessError:
        have_pip = False
        venv.create(folder, with_pip=False, symlinks=True, clear=True)
    if not have_pip:
        with tempfile.TemporaryDirectory() as temporary:
            wheel = fetch_pip(Path(temporary), settings)
            run([python, f"{wheel}/pip", "install", "--quiet", "--no-index", str(wheel)], "pip cannot be installed")
    return python


def run(command: list[str | Path], problem: str) -> None:
    """Runs a command and ends with one line where it fails."""
    if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:  # noqa: S603 - our own command line
        sys.exit(f"{problem} (the lines above say why): {shlex.join(str(part) for part in command)}")


def uv_command(python: Path, settings: dict[str, list[str]], cache: Path) -> list[str | Path] | None:
    """``uv pip install`` with pip's index settings, which uv does not read by itself; None where uv cannot be had."""
    uv = python.with_name("uv")
    if not uv.exists():
        subprocess.run([python, "-m", "pip", "install", "--quiet", "uv"], cwd=ROOT, check=False, capture_output=True)  # noqa: S603
    if not uv.exists():
        return None
    command: list[str | Path] = [uv, "pip", "install", "--python", python, "--index-strategy", "unsafe-best-match"]
    for setting, option in (("index-url", "--default-index"), ("extra-index-url", "--index"), ("find-links", "--find-links")):
        command += [part for value in settings[setting] for part in (option, value)]
    if settings["cert"]:
        os.environ.setdefault("SSL_CERT_FILE", settings["cert"][0])
    home = os.environ.get("HOME")
    if not home or not os.access(home, os.W_OK):
        command += ["--cache-dir", cache]
    return command


def install(python: Path, requirements: list[str], settings: dict[str, list[str]]) -> None:
    """Installs the locks and Hedui itself (as an editable package) by uv, or by pip where uv fails."""
    pip: list[str | Path] = [python, "-m", "pip", "install", "--quiet", "--no-warn-script-location", "--disable-pip-version-check"]
    locks = [part for file in requirements for part in ("-r", file)]
    uv = uv_command(python, settings, ROOT / "var" / "cache" / "uv")
    print(f"Installing {', '.join(requirements)} …", flush=True)
    if uv is None or subprocess.run([*uv, "--quiet", *locks], cwd=ROOT, check=False).returncode != 0:  # noqa: S603
        run([*pip, *locks], "The packages cannot be installed")
    run([*pip, "--no-deps", "--editable", "."], "Hedui cannot be installed")


def main() -> None:
    """Reads the command line and does it."""
    if sys.version_info < OLDEST:
        sys.exit(f"Python {sys.version.split()[0]} is too old, Hedui needs 3.11 or newer: make PYTHON=python3.11 …")
    if len(sys.argv) < 3:
        sys.exit("Usage: python3 scripts/bootstrap.py <venv> <requirements.txt>…")
    folder = (ROOT / sys.argv[1]).absolute()
    free = shutil.disk_usage(ROOT).free
    if free < 3 * 1024**3 and not folder.exists():
        sys.exit(f"Only {free / 1024**3:.1f} GB are free here; the packages need 3 GB.")
    settings = pip_settings()
    install(make_environment(folder, settings), sys.argv[2:], settings)


if __name__ == "__main__":
    main()
