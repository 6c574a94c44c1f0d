"""Merges one night of one scope into the spells: set-based SQL in the caller's transaction.

Notation: N are the scope's recorded nights, d is the night being merged, p and n its neighbours in N, S(d) the cases seen on d. A spell is
a longest run of consecutive nights of N on which a case was seen, its end NULL while it is N's last night. This form is a function of
N and the S(d) alone, so keeping it through each step makes the result independent of the order of the steps.

Adding a night changes nothing for runs that span it: they then say that the case was seen on d. So adding and replacing are the same
step, :func:`set_members`: cases that are to be in S(d) and are not covered extend, join or begin a run; cases that are covered and are
not to be in S(d) have their run cut. Removing d first makes S(d) what the runs say once d is gone: S(p) ∩ S(n), or S(p) at the end.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import Connection, text

from hedui.ledger.database import bulk

COVERS = "scope_id = :scope AND first_seen <= :d AND (last_seen IS NULL OR last_seen >= :d)"


@dataclass(frozen=True, kw_only=True)
class NightPosition:
    """A night among its scope's recorded nights.

    Attributes:
        scope_id: The scope.
        date: The night d, recorded or about to be.
        before: The recorded night before it, p.
        after: The recorded night after it, n.
        digest: What is recorded for d; None if it is not recorded.
    """

    scope_id: int
    date: dt.date
    before: dt.date | None
    after: dt.date | None
    digest: str | None

    @property
    def parameters(self) -> dict[str, object]:
        """Bind parameters of the statements here: ``end`` is how a run that ends on d is written."""
        end = None if self.after is None else self.date
        return {"scope": self.scope_id, "d": self.date, "p": self.before, "n": self.after, "end": end}


def position(connection: Connection, scope_id: int, date: dt.date) -> NightPosition:
    """Where a night stands in the ledger now."""
    row = connection.execute(
        text(
            """
            SELECT max(business_date) FILTER (WHERE business_date < :d), min(business_date) FILTER (WHERE business_date > :d),
                   max(digest) FILTER (WHERE business_date = :d)
            FROM hedui.recorded_night WHERE scope_id = :scope
            """
        ),
        {"scope": scope_id, "d": date},
    ).one()
    return NightPosition(scope_id=scope_id, date=date, before=row[0], after=row[1], digest=row[2])


def prepare(connection: Connection) -> None:
    """Makes the transaction fit for bulk work and creates its temporary tables, empty."""
    bulk(connection)
    connection.execute(
        text(
            """
            DROP TABLE IF EXISTS staged, target, added, dropped, stale, wide;
            CREATE TEMP TABLE staged (fingerprint uuid, values_digest uuid) ON COMMIT DROP;
            CREATE TEMP TABLE target (case_id bigint) ON COMMIT DROP;
            CREATE TEMP TABLE added (case_id bigint, left_first date, right_first date, right_last date) ON COMMIT DROP;
            CREATE TEMP TABLE dropped (case_id bigint, first_seen date, last_seen date) ON COMMIT DROP;
            CREATE TEMP TABLE stale (case_id bigint) ON COMMIT DROP;
            CREATE TEMP TABLE wide (LIKE hedui.reconciliation_case) ON COMMIT DROP;
            ALTER TABLE wide ALTER id DROP NOT NULL;
            """
        )
    )


def set_members(connection: Connection, night: NightPosition) -> None:
    """Makes S(d) equal to the temporary table ``target``; before that, notes in ``stale`` whose attributes come from d and leave it."""
    parameters = night.parameters
    connection.execute(text("ANALYZE target"))
    connection.execute(
        text(
            f"""
            INSERT INTO dropped
            SELECT case_id, first_seen, last_seen FROM hedui.spell AS s
            WHERE {COVERS} AND NOT EXISTS (SELECT FROM target AS t WHERE t.case_id = s.case_id)
            """
        ),
        parameters,
    )
    connection.execute(
        text(
            f"""
            INSERT INTO added
            SELECT t.case_id, l.first_seen, r.first_seen, r.last_seen
            FROM (
                SELECT case_id FROM target
                EXCEPT ALL
                SELECT case_id FROM hedui.spell WHERE {COVERS}
            ) AS t
            LEFT JOIN hedui.spell AS l ON l.case_id = t.case_id AND l.last_seen = CAST(:p AS date)
            LEFT JOIN hedui.spell AS r ON r.case_id = t.case_id AND r.first_seen = CAST(:n AS date)
            """
        ),
        parameters,
    )
    connection.execute(text("ANALYZE dropped; ANALYZE added"))
    for statement in _ADD + _DROP:
        connection.execute(text(statement), parameters)


_ADD = (
    # Joins the runs on both sides …
    """
    DELETE FROM hedui.spell AS s USING added AS a
    WHERE a.left_first IS NOT NULL AND a.right_first IS NOT NULL AND s.case_id = a.case_id AND s.first_seen = a.right_first
    """,
    # … or extends the one before …
    """
    UPDATE hedui.spell AS s SET last_seen = CASE WHEN a.right_first IS NULL THEN CAST(:end AS date) ELSE a.right_last END
    FROM added AS a WHERE a.left_first IS NOT NULL AND s.case_id = a.case_id AND s.first_seen = a.left_first
    """,
    # … or the one after …
    """
    UPDATE hedui.spell AS s SET first_seen = :d
    FROM added AS a WHERE a.left_first IS NULL AND a.right_first IS NOT NULL AND s.case_id = a.case_id AND s.first_seen = a.right_first
    """,
    # … or begins a run of one night.
    """
    INSERT INTO hedui.spell (case_id, first_seen, last_seen, scope_id)
    SELECT case_id, :d, CAST(:end AS date), :scope FROM added WHERE left_first IS NULL AND right_first IS NULL
    ORDER BY case_id
    """,
)

_RIGHT_REMAINS = "CAST(:n AS date) IS NOT NULL AND (x.last_seen IS NULL OR x.last_seen > :d)"
_DROP = (
    f"""
    DELETE FROM hedui.spell AS s USING dropped AS x
    WHERE x.first_seen = :d AND NOT ({_RIGHT_REMAINS}) AND s.case_id = x.case_id AND s.first_seen = x.first_seen
    """,
    f"""
    UPDATE hedui.spell AS s SET first_seen = CAST(:n AS date)
    FROM dropped AS x WHERE x.first_seen = :d AND {_RIGHT_REMAINS} AND s.case_id = x.case_id AND s.first_seen = x.first_seen
    """,
    """
    UPDATE hedui.spell AS s SET last_seen = CAST(:p AS date)
    FROM dropped AS x WHERE x.first_seen < :d AND s.case_id = x.case_id AND s.first_seen = x.first_seen
    """,
    f"""
    INSERT INTO hedui.spell (case_id, first_seen, last_seen, scope_id)
    SELECT x.case_id, CAST(:n AS date), x.last_seen, :scope FROM dropped AS x WHERE x.first_seen < :d AND {_RIGHT_REMAINS}
    """,
)


def note_stale(connection: Connection, night: NightPosition) -> None:
    """Notes in ``stale`` the cases that were last seen on d, as recorded so far, and are not in ``target``."""
    connection.execute(
        text(
            f"""
            INSERT INTO stale
            SELECT case_id FROM hedui.spell AS s
            WHERE {COVERS}
              AND CASE WHEN CAST(:n AS date) IS NULL THEN last_seen IS NULL
                  ELSE last_seen = :d AND NOT EXISTS (SELECT FROM hedui.spell AS o WHERE o.case_id = s.case_id AND o.first_seen > :d) END
              AND NOT EXISTS (SELECT FROM target AS t WHERE t.case_id = s.case_id)
            """
        ),
        night.parameters,
    )


def target_without_night(connection: Connection, night: NightPosition) -> None:
    """Fills ``target`` with what the runs would say of d if it were not recorded."""
    covers = "scope_id = :scope AND first_seen <= CAST(:{0} AS date) AND (last_seen IS NULL OR last_seen >= CAST(:{0} AS date))"
    sql = f"INSERT INTO target SELECT case_id FROM hedui.spell WHERE {covers.format('p')}"
    if night.after is not None:
        sql += f" INTERSECT SELECT case_id FROM hedui.spell WHERE {covers.format('n')}"
    connection.execute(text(sql), night.parameters)


def delete_orphans(connection: Connection) -> None:
    """Deletes the cases of ``stale`` that no night has seen any more."""
    connection.execute(
        text(
            """
            DELETE FROM hedui.reconciliation_case AS c USING stale
            WHERE c.id = stale.case_id AND NOT EXISTS (SELECT FROM hedui.spell AS s WHERE s.case_id = c.id)
            """
        )
    )


def stale_by_night(connection: Connection, scope_id: int) -> list[dt.date]:
    """The nights on which the remaining cases of ``stale`` were last seen; refills ``stale`` with them as ``stale_seen``."""
    connection.execute(
        text(
            """
            DROP TABLE IF EXISTS stale_seen;
            CREATE TEMP TABLE stale_seen ON COMMIT DROP AS
            SELECT c.fingerprint,
                   max(coalesce(s.last_seen, (SELECT max(business_date) FROM hedui.recorded_night WHERE scope_id = :scope))) AS last_seen
            FROM stale JOIN hedui.reconciliation_case AS c ON c.id = stale.case_id JOIN hedui.spell AS s ON s.case_id = c.id
            GROUP BY c.fingerprint
            """
        ),
        {"scope": scope_id},
    )
    return list(connection.execute(text("SELECT DISTINCT last_seen FROM stale_seen ORDER BY 1")).scalars())
