from __future__ import annotations

import base64
import hashlib
import hmac
import sys
from importlib.metadata import EntryPoint

import pytest

from hedui.padis import crypto
from hedui.padis.errors import PadisError
from hedui.site.padis_profile import Encryption, Signature

KEY = "8f" * 32
CONTENT = "测试文件".encode()


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEDUI_DIGEST_KEY_BANK", KEY)


def test_sm3_of_the_standards_example() -> None:
    assert crypto.sm3(b"abc") == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"  # GB/T 32905, A.1


@pytest.mark.parametrize(("engine", "name"), [("hmac-sm3", "sm3"), ("hmac-sha256", "sha256")])
def test_a_shared_key_signs(engine: str, name: str) -> None:
    label = b"\0".join((b"hedui/digests/1", b"padis", b"signature", b"file"))
    sub_key = hmac.new(bytes.fromhex(KEY), label, name).digest()
    expected = hmac.new(sub_key, CONTENT, name).digest()
    assert base64.b64decode(crypto.sign(CONTENT, Signature(engine=engine, key="bank"))) == expected


@pytest.mark.parametrize("engine", ["sm4-gcm", "sm4-cbc"])
def test_sm4_opens_again_and_tells_changes(engine: str) -> None:
    how = Encryption(engine=engine, key="bank")
    sealed = crypto.encrypt(CONTENT, how)
    assert CONTENT not in sealed
    assert crypto.decrypt_sm4(sealed, engine=engine, key="bank") == CONTENT
    if engine == "sm4-gcm":
        with pytest.raises(PadisError, match="cannot be decrypted"):
            crypto.decrypt_sm4(sealed[:-1] + bytes([sealed[-1] ^ 1]), engine=engine, key="bank")


def test_an_external_engine_signs_what_it_reads() -> None:
    program = "import sys,hashlib; sys.stdout.buffer.write(hashlib.sha256(sys.stdin.buffer.read()).digest())"
    how = Signature(engine="command", command=(sys.executable, "-c", program))
    assert base64.b64decode(crypto.sign(CONTENT, how)) == hashlib.sha256(CONTENT).digest()


@pytest.mark.parametrize(
    ("command", "message"),
    [
        pytest.param(("/nonexistent/engine",), "did not run", id="missing"),
        pytest.param((sys.executable, "-c", "raise SystemExit(3)"), "ended with 3", id="fails"),
        pytest.param((), "has no `command`", id="none"),
    ],
)
def test_an_engine_that_fails_is_named(command: tuple[str, ...], message: str) -> None:
    with pytest.raises(PadisError, match=message):
        crypto.encrypt(CONTENT, Encryption(engine="command", command=command))


def seal(content: bytes, *, key: str) -> bytes:
    """A plug-in of a certificate's vendor, as far as we are concerned."""
    return key.encode() + content[::-1]


def test_a_plug_in_is_found_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint(name="sm2-card", value=f"{__name__}:seal", group=crypto.SIGNERS)
    monkeypatch.setattr(crypto, "entry_points", lambda group: [point] if group == crypto.SIGNERS else [])
    assert base64.b64decode(crypto.sign(b"abc", Signature(engine="sm2-card", key="k"))) == b"kcba"
    with pytest.raises(PadisError, match=r'no plug-in "sm2-card" in hedui.padis.ciphers \(none is installed\)'):
        crypto.encrypt(b"abc", Encryption(engine="sm2-card"))
