"""Receipts: signed, read, and judged beside those that came before them."""

from __future__ import annotations

import datetime as dt
import json
from contextlib import suppress
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedui.corrections.dispatch.errors import ForgedReceiptError, ReceiptFormatError, SigningKeyError
from hedui.corrections.dispatch.judge import Known, Sent, Verdict, judge
from hedui.corrections.dispatch.receipts import Receipt, RefusedRow, Result, read_receipt, receipt_of, write_receipt
from hedui.corrections.dispatch.seal import seal, signing_key, unseal

KEY = b"a key of thirty-two characters.."
MANIFEST = "ab" * 32
SENT = Sent(bundle="BUNDLE-990100-20260603-01", manifest=MANIFEST, rows=5, due=dt.date(2026, 6, 17), waiting=True)
TODAY = dt.date(2026, 6, 10)


def receipt(
    result: Result = Result.EXECUTED, *, number: str = "R1", rows: tuple[int, ...] = (), manifest: str = MANIFEST
) -> Receipt:
    return Receipt(
        number=number,
        bundle=SENT.bundle,
        manifest=manifest,
        result=result,
        issued_at=dt.datetime(2026, 6, 9, 10, tzinfo=dt.UTC),
        issuer="省社会保险局",
        rows=tuple(RefusedRow(number=row, code="07", reason="缺少档案依据") for row in rows),
        note="材料不全" if result is Result.REFUSED else "",
    )


def known(*receipts: Receipt) -> list[Known]:
    return [Known(receipt=item, digest=item.number, verdict=Verdict.COUNTS) for item in receipts]


@pytest.mark.parametrize("result", list(Result))
def test_a_receipt_comes_back_as_it_was_written(result: Result) -> None:
    written = receipt(result, rows=(2, 4) if result is Result.PARTLY else ())
    assert read_receipt(write_receipt(written, key=KEY), key=KEY) == written


def test_the_same_receipt_is_the_same_document() -> None:
    assert write_receipt(receipt(), key=KEY) == write_receipt(receipt(), key=KEY)


def test_another_key_a_changed_result_and_our_own_cover_are_no_receipts() -> None:
    document = write_receipt(receipt(Result.REFUSED), key=KEY)
    with pytest.raises(ForgedReceiptError):
        read_receipt(document, key=KEY[::-1])
    with pytest.raises(ForgedReceiptError):
        read_receipt(document.replace(b'"refused"', b'"executed"'), key=KEY)
    parsed = json.loads(document)
    with pytest.raises(ForgedReceiptError):
        read_receipt(seal(parsed["content"], key=KEY, purpose="cover"), key=KEY)
    assert unseal(document, key=KEY, purpose="receipt") == parsed["content"]


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"PK\x03\x04",
        b"[]",
        b"{}",
        b'{"content": 1, "signature": "x", "algorithm": "hmac-sha256"}',
        b"[" * 100_000,
        b"\xff\xfe",
        b'{"content": {"number": "\\ud800"}, "signature": "x", "algorithm": "hmac-sha256"}',
        b'{"content": {}, "signature": "\\ud800", "algorithm": "hmac-sha256"}',
        b'{"content": {"rows": ' + b"[" * 900 + b"]" * 900 + b'}, "signature": "x", "algorithm": "hmac-sha512"}',
    ],
    ids=["empty", "zip", "list", "object", "no content", "deep", "no text", "half a character", "half a signature", "nested"],
)
def test_what_is_no_signed_document_is_refused_as_unreadable(document: bytes) -> None:
    with pytest.raises(ReceiptFormatError):
        read_receipt(document, key=KEY)


CONTENT = {"number": "R1", "bundle": "B", "manifest": MANIFEST, "issued_at": "2026-06-09T10:00:00+08:00", "issuer": "省社会保险局"}
ROW = {"number": 2, "reason": "缺少档案依据"}
RECEIPT_KEYS = (*CONTENT, "result", "rows", "note", "reason", "code")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({**CONTENT, "result": "done"}, "cannot be read"),
        ({**CONTENT, "result": "executed", "number": " "}, "cannot be read"),
        ({**CONTENT, "result": "executed", "issued_at": "yesterday"}, "cannot be read"),
        ({**CONTENT, "result": "executed", "rows": [ROW]}, "say partly"),
        ({**CONTENT, "result": "partly"}, "names no refused row"),
        ({**CONTENT, "result": "partly", "rows": [ROW, ROW]}, "names a row twice"),
        ({**CONTENT, "result": "partly", "rows": [{"number": 2}]}, "has no reason"),
        ({**CONTENT, "result": "refused"}, "without a reason"),
        ({**CONTENT, "result": "partly", "rows": ["2"]}, "cannot be read"),
        *(
            ({**CONTENT, "result": "partly", "rows": [{**ROW, "number": number}]}, "cannot be read")
            for number in (2.7, float("inf"), True, "2.0", "-2", None)
        ),
    ],
)
def test_a_receipt_that_makes_no_sense_is_refused(content: dict[str, object], message: str) -> None:
    with pytest.raises(ReceiptFormatError, match=message):
        receipt_of(content)


def test_a_signed_receipt_names_what_was_executed() -> None:
    with pytest.raises(ReceiptFormatError, match="names no manifest"):
        read_receipt(write_receipt(receipt(manifest=""), key=KEY), key=KEY)


def test_control_characters_do_not_reach_the_ledger() -> None:
    rows = [{"number": " 2 ", "code": "0\x007", "reason": "缺\x00少\r\n\x1b[31m档案"}]
    taken = receipt_of({**CONTENT, "result": "partly", "number": "R\x001", "issuer": "省\n局", "note": "\x00", "rows": rows})
    assert (taken.number, taken.issuer, taken.note) == ("R 1", "省 局", "")
    assert taken.rows == (RefusedRow(number=2, code="0 7", reason="缺 少 [31m档案"),)


@given(document=st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(categories=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*RECEIPT_KEYS, "x"]), inner, max_size=9),
    max_leaves=12,
))  # fmt: skip
def test_whatever_is_signed_is_a_receipt_or_refused(document: object) -> None:
    """What comes is looked at every few minutes: a document that broke the looking would hold up all others for ever."""
    parsed = json.dumps({"algorithm": "hmac-sha256", "signature": "0" * 64, "content": document}).encode()
    with pytest.raises((ReceiptFormatError, ForgedReceiptError)):
        unseal(parsed, key=KEY, purpose="receipt")
    if isinstance(document, dict):
        with suppress(ReceiptFormatError):
            json.dumps(asdict(receipt_of(document)), default=str).encode()


def test_reasons_are_masked() -> None:
    taken = receipt_of({**CONTENT, "result": "partly", "rows": [{"number": 2, "reason": "证件 990101199001011234 不符"}]})
    assert "990101199001011234" not in taken.rows[0].reason
    assert taken.rows[0].reason.startswith("证件 990")


@pytest.mark.parametrize(
    ("before", "new", "verdict"),
    [
        pytest.param((), receipt(Result.ACCEPTED), Verdict.COUNTS, id="first word"),
        pytest.param((receipt(Result.ACCEPTED),), receipt(number="R2"), Verdict.COUNTS, id="final after accepted"),
        pytest.param((receipt(Result.ACCEPTED),), receipt(Result.ACCEPTED, number="R2"), Verdict.DUPLICATE, id="accepted twice"),
        pytest.param((receipt(),), receipt(number="R2"), Verdict.DUPLICATE, id="the same again under another number"),
        pytest.param((receipt(),), receipt(Result.ACCEPTED, number="R2"), Verdict.OUTDATED, id="accepted after executed"),
        pytest.param((receipt(),), receipt(Result.REFUSED, number="R2"), Verdict.CONTRADICTORY, id="refused after executed"),
        pytest.param(
            (receipt(Result.PARTLY, rows=(1,)),),
            receipt(Result.PARTLY, number="R2", rows=(2,)),
            Verdict.CONTRADICTORY,
            id="other rows",
        ),
        pytest.param((receipt(),), receipt(Result.PARTLY, number="R2", rows=(1,)), Verdict.CONTRADICTORY, id="a row less"),
        pytest.param(
            (receipt(Result.REFUSED),),
            receipt(Result.REFUSED, number="R2", rows=(2, 3)),
            Verdict.DUPLICATE,
            id="refused, some named",
        ),
        pytest.param(
            (receipt(Result.REFUSED),),
            receipt(Result.PARTLY, number="R2", rows=(1, 2, 3, 4, 5)),
            Verdict.DUPLICATE,
            id="all by number",
        ),
        pytest.param((), receipt(manifest="cd" * 32), Verdict.FOREIGN, id="another manifest"),
        pytest.param((), receipt(Result.PARTLY, rows=(6,)), Verdict.FOREIGN, id="a row the bundle does not have"),
    ],
)
def test_what_a_receipt_counts_for(before: tuple[Receipt, ...], new: Receipt, verdict: Verdict) -> None:
    assert judge(SENT, known(*before), new, digest="new", today=TODAY).verdict is verdict


def test_the_same_document_again_is_a_duplicate_whatever_it_says() -> None:
    assert judge(SENT, known(receipt()), receipt(manifest="cd" * 32), digest="R1", today=TODAY).verdict is Verdict.DUPLICATE


def test_a_late_receipt_counts_while_the_bundle_waits_and_is_only_noted_after() -> None:
    after = dt.date(2026, 6, 18)
    ruling = judge(SENT, [], receipt(), digest="new", today=after)
    assert (ruling.verdict, ruling.late) == (Verdict.COUNTS, True)
    ended = Sent(bundle=SENT.bundle, manifest=MANIFEST, rows=5, due=SENT.due, waiting=False)
    assert judge(ended, [], receipt(), digest="new", today=after).verdict is Verdict.TOO_LATE


def test_a_key_must_be_there_and_long_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEDUI_TEST_KEY", raising=False)
    with pytest.raises(SigningKeyError, match="HEDUI_TEST_KEY is not set"):
        signing_key("HEDUI_TEST_KEY")
    monkeypatch.setenv("HEDUI_TEST_KEY", "short")
    with pytest.raises(SigningKeyError, match="has 5 characters"):
        signing_key("HEDUI_TEST_KEY")
    monkeypatch.setenv("HEDUI_TEST_KEY", KEY.decode())
    assert signing_key("HEDUI_TEST_KEY") == KEY
