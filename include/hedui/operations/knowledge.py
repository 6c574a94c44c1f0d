"""The knowledge base: entries tied to rules, cases and faults; full-text search in Chinese by pairs of characters.

PostgreSQL has no parser for Chinese words. An entry's terms are every pair of neighbouring Chinese characters and every word of letters
and digits; a search finds the entries that have all terms of the question, by an index, the title counting more.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, insert, select
from sqlalchemy.dialects.postgresql import array

from hedui.audit import append
from hedui.context import Context
from hedui.ledger.database import begin, session
from hedui.ledger.operations_models import Knowledge
from hedui.operations.errors import OperationsError
from hedui.rules import rule
from hedui.security.logs import scrub

_HAN: Final = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+")
_WORD: Final = re.compile(r"[0-9a-z][0-9a-z_\-]*")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A found entry."""

    number: int
    title: str
    body: str
    rules: tuple[str, ...]
    fault: str | None


def terms(text: str) -> list[str]:
    """The search terms of a text, each once, in order: pairs of neighbouring Chinese characters, single ones that stand alone, words."""
    low = text.lower()
    found = []
    for run in _HAN.findall(low):
        found += [run[i : i + 2] for i in range(len(run) - 1)] or [run]
    return list(dict.fromkeys(found + _WORD.findall(low)))


def add_entry(
    context: Context,
    *,
    title: str,
    body: str,
    actor: str,
    rules: Sequence[str] = (),
    cases: Sequence[str] = (),
    fault: str | None = None,
) -> int:
    """Enters an entry and returns its number; what looks like personal data is masked.

    Raises:
        OperationsError: Title or body is empty. HeduiError: There is no such rule.
    """
    if not title.strip() or not body.strip():
        raise OperationsError("An entry of the knowledge base needs a title and a body; one is empty.")
    for rule_id in rules:
        rule(rule_id)
    title, body = scrub(title.strip()), scrub(body.strip())
    values = {
        "title": title,
        "body": body,
        "rules": list(rules),
        "cases": list(cases),
        "fault": fault,
        "author": actor,
        "terms": terms(f"{title} {body} {' '.join(rules)}"),
    }
    with begin(context.ledger_url) as connection:
        number = connection.execute(insert(Knowledge).values(values).returning(Knowledge.id)).scalar_one()
        append(connection, actor=actor, action="knowledge.add", subject=f"知识 {number}", details={"rules": list(rules)})
    return int(number)


def search(context: Context, question: str, *, rule_id: str | None = None, limit: int = 20) -> list[Entry]:
    """The entries that have all terms of the question, those first whose title has most of them, then the newest.

    Args:
        context: Gives the ledger.
        question: Words; empty finds all.
        rule_id: Only entries tied to this rule.
        limit: At most so many.
    """
    wanted = terms(question)
    query = select(Knowledge)
    if wanted:
        query = query.where(Knowledge.terms.contains(array(wanted)))
    if rule_id is not None:
        query = query.where(Knowledge.rules.contains([rule_id]))
    with session(context.ledger_url) as orm:
        rows = list(orm.scalars(query.order_by(Knowledge.id.desc())))
    rows.sort(key=lambda row: -len(set(wanted) & set(terms(row.title))))
    return [Entry(number=r.id, title=r.title, body=r.body, rules=tuple(r.rules), fault=r.fault) for r in rows[:limit]]


def count(context: Context) -> int:
    """How many entries there are."""
    with begin(context.ledger_url) as connection:
        return int(connection.execute(select(func.count()).select_from(Knowledge)).scalar_one())
