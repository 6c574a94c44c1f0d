"""Case tokens (案件代号): what a workbook calls a case by, so that a clerk can name one without knowing its subject.

A token is the keyed pseudonym of the case's fingerprint, the same in every workbook of a deployment whatever the order of nights. The
fingerprint itself stays inside: it is a plain digest of an id number.
"""

from __future__ import annotations

import re

from hedui import engine
from hedui.context import Context
from hedui.errors import LedgerError
from hedui.ledger.arrow import fetch_arrow
from hedui.security.masking import MASK_KEY_VARIABLE, mask_secret
from hedui.security.masking_sql import prepare_pseudonyms, pseudonym_sql

_TOKEN = re.compile(r"[0-9a-f]{16}")
_FINGERPRINTS = "SELECT replace(CAST(fingerprint AS text), '-', '') AS fingerprint FROM hedui.reconciliation_case"


def case_of_token(context: Context, token: str) -> str:
    """The fingerprint (32 hex digits) of the case that workbooks call by ``token``.

    Raises:
        LedgerError: It is no token, the deployment has no key, or the ledger has no such case.
    """
    token = token.strip().lower()
    if not _TOKEN.fullmatch(token):
        raise LedgerError(f'"{token}" is no case token; copy the 16 digits of the column 案件代号 from the workbook.')
    if mask_secret() is None:
        raise LedgerError(f"Case tokens need {MASK_KEY_VARIABLE}; set it to the key that the workbooks were made with.")
    with engine.connect(threads=1) as duck:
        duck.register("cases", fetch_arrow(context.ledger_url, _FINGERPRINTS, {}))
        prepare_pseudonyms(duck)
        query = f"SELECT fingerprint FROM cases WHERE {pseudonym_sql('fingerprint')} = ?"
        found = duck.execute(query, [token]).fetchone()
    if found is None:
        raise LedgerError(
            f"The ledger has no case {token}; the workbook is from another ledger, or {MASK_KEY_VARIABLE} is not the key it was made with."
        )
    return str(found[0])
