"""A case is named by the token that the workbook shows, and by nothing else."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable

import pyarrow.parquet as pq
import pytest

from hedui.cases.record import record_findings
from hedui.cases.tokens import case_of_token
from hedui.context import Context
from hedui.errors import LedgerError
from hedui.reports.nightly import make_report
from integration.reports.hand import WEDNESDAY, wednesday

KEY = "0123456789abcdef" * 4


@pytest.fixture
def night(make_context: Callable[[str], Context], monkeypatch: pytest.MonkeyPatch) -> Context:
    monkeypatch.setenv("HEDUI_MASK_KEY", KEY)
    context = make_context("tokens")
    wednesday(context)
    record_findings(context, WEDNESDAY)
    return context


def test_every_token_of_the_workbook_leads_to_its_case(night: Context) -> None:
    summary = make_report(night, WEDNESDAY)
    tokens = pq.read_table(summary.paths["detail_parquet"])["case_token"].to_pylist()
    assert len(set(tokens)) == len(tokens) == 40
    fingerprint = case_of_token(night, f" {tokens[3].upper()} ")
    assert hmac.new(KEY.encode(), fingerprint.encode(), hashlib.sha256).hexdigest()[:16] == tokens[3]


@pytest.mark.parametrize(
    ("token", "message"),
    [
        ("12", "is no case token"),
        ("0" * 16, "The ledger has no case 0000000000000000"),
    ],
)
def test_what_names_no_case_is_refused(night: Context, token: str, message: str) -> None:
    with pytest.raises(LedgerError, match=message):
        case_of_token(night, token)


def test_without_the_key_there_are_no_tokens(night: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEDUI_MASK_KEY")
    summary = make_report(night, WEDNESDAY)
    assert set(pq.read_table(summary.paths["detail_parquet"])["case_token"].to_pylist()) == {None}
    with pytest.raises(LedgerError, match="Case tokens need HEDUI_MASK_KEY"):
        case_of_token(night, "0" * 16)
