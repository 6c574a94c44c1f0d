"""The digests themselves: published values, what separates them, where the secret may be seen."""

from __future__ import annotations

import hmac

import pytest

from hedui.digests import keys
from hedui.digests.keys import Keyed, secret
from hedui.errors import HeduiError
from unit.digests.kit import KEY, VARIABLE, expected_digest

MESSAGE = b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq" * 2
VECTORS = [
    pytest.param(
        "sm3", bytes(range(1, 33)), MESSAGE,
        "ca05e144ed05d1857840d1f318a4a8669e559fc8391f414485bfdf7bb408963a", id="GM/T 0042 D.3, first",
    ),
    pytest.param(
        "sm3", bytes(range(1, 38)), b"\xcd" * 50,
        "220bf579ded555393f0159f66c99877822a3ecf610d1552154b41d44b94db3ae", id="GM/T 0042 D.3, second",
    ),
    pytest.param(
        "sha256", b"\x0b" * 20, b"Hi There",
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7", id="RFC 4231, first",
    ),
    pytest.param(
        "sha256", b"\xaa" * 131, b"Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54", id="RFC 4231, a key longer than a block",
    ),
]  # fmt: skip


@pytest.mark.parametrize("without_openssl", [False, True], ids=["hashlib", "cryptography"])
@pytest.mark.parametrize(("algorithm", "key", "message", "expected"), VECTORS)
def test_published_values(
    monkeypatch: pytest.MonkeyPatch, algorithm: str, key: bytes, message: bytes, expected: str, without_openssl: bool
) -> None:
    if without_openssl and algorithm == "sm3":

        def refuse(name: str, data: bytes) -> None:
            raise ValueError(f"unsupported hash type {name}")

        monkeypatch.setattr(keys.hashlib, "new", refuse)
    assert Keyed(key=key, algorithm=algorithm).of(message).hex() == expected


def test_fields_purposes_comparisons_and_secrets_have_nothing_in_common(monkeypatch: pytest.MonkeyPatch) -> None:
    common = secret("test", "sm3")
    monkeypatch.setenv("HEDUI_DIGEST_KEY_OTHER", KEY[::-1].hex())
    ways = [
        common.keyed("people", "value", "name"),
        common.keyed("people", "value", "id_number"),
        common.keyed("people", "row", "name"),
        common.keyed("others", "value", "name"),
        secret("other", "sm3").keyed("people", "value", "name"),
        secret("test", "sha256").keyed("people", "value", "name"),
    ]
    assert len({way.hex_of("甲") for way in ways}) == len(ways)


@pytest.mark.parametrize("algorithm", ["sm3", "sha256"])
def test_a_digest_is_what_the_documents_say(algorithm: str) -> None:
    digest = secret("test", algorithm).keyed("people", "value", "name").hex_of("甲")
    assert digest == expected_digest("people", "value", "name", "甲", algorithm=algorithm)


def test_labels_cannot_run_into_each_other() -> None:
    common = secret("test", "sm3")
    assert common.keyed("a", "b", "cd").hex_of("x") != common.keyed("a", "bc", "d").hex_of("x")


def test_the_fingerprint_tells_secrets_apart_and_nothing_of_them() -> None:
    common = secret("test", "sha256")
    label = "\0".join(("hedui/digests/1", "", "fingerprint", "")).encode()
    assert common.fingerprint == hmac.new(hmac.new(KEY, label, "sha256").digest(), b"", "sha256").hexdigest()[:16]
    assert KEY.hex()[:16] not in common.fingerprint


def test_the_secret_is_not_in_what_python_prints() -> None:
    assert KEY.hex() not in repr(secret("test", "sm3"))
    assert repr(KEY) not in repr(secret("test", "sm3"))


BAD = [
    pytest.param("", "is not set", id="missing"),
    pytest.param("ab" * 16, "has 32 characters", id="too short"),
    pytest.param("z" * 64, "other than hex digits", id="no hex"),
    pytest.param("a" * 65, "has 65 characters", id="half a byte"),
]


@pytest.mark.parametrize(("value", "message"), BAD)
def test_a_bad_secret_is_refused_without_being_shown(monkeypatch: pytest.MonkeyPatch, value: str, message: str) -> None:
    monkeypatch.setenv(VARIABLE, value)
    with pytest.raises(HeduiError, match=message) as caught:
        secret("test", "sm3")
    assert not value or value not in str(caught.value)


def test_a_name_that_is_no_part_of_a_variable_is_refused() -> None:
    with pytest.raises(HeduiError, match="letters, digits and _ only"):
        secret("a=b;c", "sm3")


def test_a_name_is_taken_in_any_case() -> None:
    assert secret("TEST", "sm3") == secret("test", "sm3")
