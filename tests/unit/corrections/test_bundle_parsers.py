"""The Oracle text of bundles is read by two parsers that know nothing of us (`make test` installs them by npm)."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from hedui.corrections.bundle import freeze
from hedui.corrections.model import BundlePlan, Dialect
from hedui.corrections.sql.statement import Step
from integration.oracle.test_bundles import pieces
from unit.corrections.bundle_world import plan, sample

PROGRAM = Path(__file__).resolve().parents[2] / "oracle_parsers" / "parse.js"
NOT_READ = ("CREATE OR REPLACE DIRECTORY", "GRANT READ, WRITE ON DIRECTORY")
"""What only a DBA runs: neither parser knows it."""
WRONG = {
    "no set": "UPDATE AC01 T SET WHERE T.AAC001 = 1",
    "no columns": "SELECT FROM AC01",
    "open bracket": "UPDATE AC01 T SET (AAC003) = (SELECT S.N_AAC003 FROM S WHERE S.A = T.A",
    "open literal": "INSERT INTO S (A) VALUES ('x)",
    "no then": "BEGIN IF SQL%ROWCOUNT <> 1 RAISE_APPLICATION_ERROR(-20001, 'x'); END IF; END;",
    "no end": "BEGIN UPDATE AC01 SET A = 1;",
    "no values": "INSERT INTO S (A, B) VALUES ()",
    "stray and": "DELETE FROM AC01 T WHERE EXISTS (SELECT 1 FROM S WHERE AND S.A = T.A)",
}


def verdicts(texts: list[str]) -> list[dict[str, str | None]]:
    done = subprocess.run(["node", str(PROGRAM)], input=json.dumps(texts), capture_output=True, text=True, check=True)
    found: list[dict[str, str | None]] = json.loads(done.stdout)
    assert len(found) == len(texts)
    return found


@cache
def wrong_verdicts() -> dict[str, dict[str, str | None]]:
    return dict(zip(WRONG, verdicts(list(WRONG.values())), strict=True))


@pytest.mark.parametrize("parser", ["antlr", "oceanbase"])
@pytest.mark.parametrize("name", WRONG)
def test_wrong_text_is_refused(name: str, parser: str) -> None:
    assert wrong_verdicts()[name][parser], f"{parser} takes: {WRONG[name]}"


def small() -> BundlePlan:
    """One of each operation and two hostile texts: parsers are slow, and more changes add no other statements."""
    chosen = [change for change in sample().changes if change.number in (1, 3, 17, 18, 19)]
    return plan([replace(change, number=number) for number, change in enumerate(chosen, start=1)])


def without_external(text: str) -> str:
    """A CREATE TABLE without its ORGANIZATION EXTERNAL clause, which neither parser knows; its brackets must close."""
    before, clause, after = text.partition("ORGANIZATION EXTERNAL (")
    depth, quoted = bool(clause) * 1, False
    for place, char in enumerate(after):
        quoted ^= char == "'"
        depth += 0 if quoted else {"(": 1, ")": -1}.get(char, 0)
        if depth == 0 and clause:
            return f"{before}{after[place + 1 :].replace('REJECT LIMIT 0', '')}".strip()
    assert not clause, "an external table's clause is left open"
    return text


def test_all_scripts_parse(tmp_path: Path) -> None:
    """They hold every statement of every step, but for the loading of the stage tables."""
    bundle = freeze(small(), folder=tmp_path)
    texts = [statement.sql for statement in bundle.statements(Step.STAGE)]
    for path in sorted(bundle.folder.rglob("*.sql")):
        found = [without_external(text) for text in pieces(path.read_text(encoding="utf-8"))]
        assert not path.name.startswith("external_") or [text.split()[0] for text in found] == [
            "CREATE", "INSERT", "COMMIT", "CREATE", "CREATE",
        ]  # fmt: skip
        texts += found
    texts = list(dict.fromkeys(text for text in texts if text.strip() != "COMMIT" and not text.startswith(NOT_READ)))
    assert len(texts) > 24
    refused = [(text, verdict) for text, verdict in zip(texts, verdicts(texts), strict=True) if any(verdict.values())]
    assert refused == []


@pytest.mark.parametrize("dialect", [Dialect.DM, Dialect.OCEANBASE])
def test_the_variants_say_what_oracle_says(tmp_path: Path, dialect: Dialect) -> None:
    """Their statements are Oracle's, so what was parsed and run there is what they are."""
    ours, theirs = freeze(sample(dialect), folder=tmp_path / "a"), freeze(sample(), folder=tmp_path / "b")
    for step in Step:
        assert [item.sql for item in ours.statements(step)] == [item.sql for item in theirs.statements(step)]
