"""An approval of a rehearsed run: what was read is what may run, and everything that looked wrong was looked at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from hedui.regions.errors import RegionError, StopError
from hedui.regions.migrate.book import Book, Deed
from hedui.regions.migrate.page import digest_of
from hedui.regions.migrate.plan import Plan


def take_approval(
    plan: Plan, book: Book, *, page: str, by: str, note: str, page_digest: str, accept: Collection[str], at: dt.datetime
) -> None:
    """Takes an approval into the ledger and the audit chain.

    Args:
        plan: The plan.
        book: Its page in the ledger.
        page: The page as it would be shown now.
        by: Who approved.
        note: Why; must not be empty.
        page_digest: Digest of the page that was read.
        accept: Ids of the stops that the approver has looked at.
        at: When.

    Raises:
        StopError: Checks failed, or stops are not accepted. RegionError: the page has changed, or the note is empty.
    """
    if not by.strip() or not note.strip():
        raise RegionError("An approval needs a name and a note; one of them is empty.")
    if digest_of(page) != page_digest:
        raise RegionError("What was approved is no longer what would run: the page has changed since. Rehearse again and ask anew.")
    failed = [item for _, item in book.checks("preflight", "rehearsal") if item.verdict == "fail"]
    if failed:
        named = "；".join(f"{item.number} {item.title} {item.target}" for item in failed[:10])
        raise StopError(f"{len(failed)} check(s) before the migration failed: {named}. Cure them and rehearse again.")
    left = [stop.id for stop in plan.open_stops if stop.id not in accept]
    if left:
        raise StopError(f"{len(left)} stop(s) are not accepted: {'；'.join(left[:10])}. Look at each and name it.")
    accepted = sorted(accept)
    details = {"mapping": plan.mapping.digest, "page": page_digest, "accepted_stops": accepted}
    book.update(
        deed=Deed(actor=by, action="regions.approve", details=details),
        facts={"accepted_stops": accepted},
        **{"state": "approved", "approved_by": by, "approved_at": at, "approval_note": note},
        page_digest=page_digest,
    )


def take_refusal(book: Book, *, by: str, note: str) -> None:
    """Takes a refusal; the run can be rehearsed and asked for again."""
    deed = Deed(actor=by, action="regions.reject", details={"note": note})
    book.update(state="rejected", approved_by=None, approval_note=note, facts={"rejected_by": by}, deed=deed)
