from __future__ import annotations

import pytest

from hedui.padis.errors import ReceiptError
from hedui.padis.receipts import LineVerdict, read_receipt, write_receipt
from unit.padis.conftest import profile_of

PROFILE = profile_of([{"to": "A", "from": "certificate_no"}])
HEADER = "PCH,JGDM,HH,CWSJBZ,CWDM,CWXX"


def line(number: int, status: str, reason: str) -> LineVerdict:
    return LineVerdict(line=number, key="", business_key="", status=status, code="E1", reason=reason)  # type: ignore[arg-type]


def test_what_was_written_is_read() -> None:
    lines = (line(2, "rejected", "重号"), line(5, "duplicate", ""))
    content = write_receipt(PROFILE, "B1", status="partial", lines=lines, code="X", reason="见明细")
    assert content.decode() == f"3\n{HEADER}\nB1,1,0,,X,见明细\nB1,,2,1,E1,重号\nB1,,5,3,E1,\n"
    (verdict,) = read_receipt(PROFILE, content)
    assert (verdict.batch, verdict.status, verdict.code, verdict.reason, verdict.lines) == ("B1", "partial", "X", "见明细", lines)


def test_a_file_may_speak_of_several_batches_or_of_lines_only() -> None:
    content = f"2\n{HEADER}\nB1,0,0,,,\nB2,,3,1,,缺项\n".encode()
    first, second = read_receipt(PROFILE, content)
    assert (first.batch, first.status, first.lines) == ("B1", "accepted", ())
    assert (second.batch, second.status, [one.line for one in second.lines]) == ("B2", "partial", [3])


def test_an_identity_number_in_a_reason_is_masked() -> None:
    content = f"1\n{HEADER}\nB1,,1,1,,证件 990101199001011234 重复\n".encode()
    (verdict,) = read_receipt(PROFILE, content)
    assert verdict.lines[0].reason == "证件 990***********1234 重复"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", "cannot be read", id="empty"),
        pytest.param(f"1\n{HEADER}\nB1,9,0,,,\n".encode(), 'batch result "9"; the profile knows 0, 1, 2', id="code of the batch"),
        pytest.param(f"1\n{HEADER}\nB1,,1,7,,\n".encode(), 'record result "7"; the profile knows 0, 1, 3', id="code of a record"),
        pytest.param(f"1\n{HEADER}\n,0,0,,,\n".encode(), "does not say which batch", id="no batch"),
        pytest.param(f"1\n{HEADER}\nB1,,x,1,,\n".encode(), "a line that is no number", id="line"),
        pytest.param(f"1\n{HEADER}\nB1,,0,,,\n".encode(), "neither a result of the batch nor of records", id="nothing said"),
    ],
)
def test_a_receipt_that_says_nothing_usable_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(ReceiptError, match=message):
        read_receipt(PROFILE, content)
