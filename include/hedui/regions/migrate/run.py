"""A migration step by step: load, baseline, preflight, rehearsal, approval, batches, proof, rollback.

Every step can be run again: it starts afresh, or goes on where a killed one stopped. The ledger has what was seen and decided; the key
logs and the progress of batches are beside the migrated tables, in the same transactions as the changes themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import Any

from hedui.regions.errors import RegionError, StopError
from hedui.regions.migrate import checks as c
from hedui.regions.migrate.approval import take_approval, take_refusal
from hedui.regions.migrate.batches import Surroundings, move_batches
from hedui.regions.migrate.book import STATES, Book, Deed
from hedui.regions.migrate.page import approval_page
from hedui.regions.migrate.plan import Plan
from hedui.regions.migrate.preflight import Seen, preflight_checks, receiver_checks
from hedui.regions.migrate.records import Logged, MapRow, Measure, TargetStore
from hedui.regions.migrate.references import orphans
from hedui.regions.migrate.rehearsal import Rehearsed, rehearse
from hedui.regions.migrate.restated import restated_checks
from hedui.regions.migrate.signature import report_key
from hedui.regions.migrate.targets import open_target
from hedui.site.regions import Target


class Migration:
    """One run of a plan."""

    def __init__(self, plan: Plan, around: Surroundings) -> None:
        self.plan = plan
        self.around = around
        self.book = Book(around.ledger_url, plan.run)

    def open(self, target: Target, *, suffix: str = "") -> TargetStore:
        """The store of a target; a suffix gives its work tables other names."""
        around = self.around
        return open_target(target, plan=self.plan, connection=around.connection, lake=around.lake, run=f"{self.plan.run}{suffix}")

    @contextmanager
    def _target(self, target: Target) -> Iterator[TargetStore]:
        with closing(self.open(target)) as store:
            yield store

    @property
    def moving(self) -> list[Target]:
        """The targets that are migrated."""
        return [target for target in self.plan.settings.targets if not target.frozen]

    def _groups(self, store: TargetStore) -> dict[str, str]:
        decided = {(old, new) for (_, old), new in self.book.decisions(store.target.id).items()}
        return self.plan.resolver.groups(store.target, store.values(closed=True), decided=decided)

    def _measure(self, store: TargetStore) -> list[Measure]:
        return store.measure(self._groups(store))

    def map_rows(self, store: TargetStore) -> list[MapRow]:
        """What becomes of the values that a target holds now."""
        resolver, values = self.plan.resolver, store.values()
        places = store.places(resolver.undecided(store.target, values))
        return resolver.rows(store.target, values, places)

    def load(self) -> dict[str, Any]:
        """Begins the run in the ledger, or finds it again.

        Raises:
            SigningKeyError: There is no key to sign the report with. RegionError: the run was begun with another mapping.
        """
        plan = self.plan
        report_key(plan.settings.report_key)  # now, and not when rows have moved
        run = self.book.open(start=plan.mapping.start, end=plan.mapping.end, digest=plan.mapping.digest, changes=plan.changes)
        rules = plan.mapping.moved()
        figures: dict[str, Any] = {
            "rules": len(rules),
            "whole": sum(1 for rule in rules if rule.fate == "move"),
            "split": sum(1 for rule in rules if rule.fate == "allocate"),
            "abolished": sum(1 for rule in rules if rule.fate == "none"),
            "stops": len(plan.open_stops),
        }
        self.book.update(facts={"mapping": figures})
        return {"run": run.id, "state": run.state, **figures}

    def baseline(self) -> dict[str, Any]:
        """Measures every target as it is."""
        self._need("loaded", "measured", "rehearsed", "rejected")
        rows = 0
        for target in self.plan.settings.targets:
            with self._target(target) as store:
                measures = self._measure(store)
            self.book.put_measures(target.id, "before", measures)
            rows += c.totals(measures)[0]
        self.book.update(state="measured", facts={"references": orphans(self.plan.settings.references, self.around.connection)})
        return {"targets": len(self.plan.settings.targets), "rows": rows}

    def preflight(self) -> dict[str, Any]:
        """Everything that can be known before a row is touched."""
        self._need("measured", "rehearsed", "rejected")
        found: list[c.Check] = []
        seen = []
        for target in self.plan.settings.targets:
            before = self.book.measures(target.id, "before")
            if target.frozen:
                seen.append(Seen(target=target, before=before))
                continue
            with self._target(target) as store:
                codes = sorted({row.new for row in self.map_rows(store) if row.new})
                figures = {"values": store.values(), "key_problem": store.key_problem(), "guards": store.guards(codes)}
            seen.append(Seen(target=target, before=before, **figures))  # type: ignore[arg-type]
        found += preflight_checks(self.plan, seen, references=self._references())
        self.book.put_checks("preflight", found)
        return c.counted(found)

    def _references(self) -> dict[str, int]:
        return dict(self.book.read().facts.get("references", {}))

    def rehearse(self) -> dict[str, Any]:
        """Migrates a copy of every target, proves it, rolls it back, and compares with the baseline."""
        self._need("measured", "rehearsed", "rejected")
        found: list[c.Check] = []
        waiting = moved = 0
        for target in self.moving:
            with self._target(target) as store:
                done = self._rehearsed(store)
            self.book.put_logged(target.id, done.logged)
            self.book.put_measures(target.id, "rehearsed", done.after)
            self.book.put_measures(target.id, "rehearsal_undone", done.undone)
            found += done.checks
            waiting, moved = waiting + done.logged.waiting, moved + done.logged.rows
        allowed = self.plan.settings.accept_queue
        detail = "按站点设置接受，保留原代码并列示" if waiting and allowed else ""
        found.append(
            c.check(6, "一对多待判定队列", after=waiting, ok=not waiting, otherwise="note" if allowed else "fail", detail=detail)
        )
        self.book.put_checks("rehearsal", found)
        self.book.update(state="rehearsed", facts={"waiting": waiting, "predicted": moved})
        return {"moved": moved, "waiting": waiting, **c.counted(found)}

    def _rehearsed(self, store: TargetStore) -> Rehearsed:
        target = store.target
        decisions = self.book.decisions(target.id)
        store.decide(decisions)
        joined = self.plan.resolver.groups(target, {code for (_, old), new in decisions.items() for code in (old, new)})
        if any(not joined.get(old) or joined.get(old) != joined.get(new) for (_, old), new in decisions.items()):
            # A person gave people to a code that no rule leads to: the baseline needs the group of both.
            self.book.put_measures(target.id, "before", self._measure(store))
        return rehearse(
            store,
            self.map_rows(store),
            groups=self._groups,
            before=self.book.measures(target.id, "before"),
            batch_rows=self.plan.settings.batch_rows,
            dead=partial(self.plan.resolver.dead, target),
            reused=partial(self.plan.resolver.reused, target),
        )

    def page(self) -> str:
        """What the approver reads, in Markdown."""
        return approval_page(self.plan, self.book)

    def approve(self, *, by: str, note: str, page_digest: str, accept: tuple[str, ...] = ()) -> None:
        """Takes an approval; see :func:`hedui.regions.migrate.approval.take_approval`."""
        self._need("rehearsed")
        given = {"by": by, "note": note, "page_digest": page_digest, "accept": accept}
        take_approval(self.plan, self.book, page=self.page(), at=self.around.now(), **given)  # type: ignore[arg-type]

    def reject(self, *, by: str, note: str) -> None:
        """Takes a refusal; the run can be rehearsed and asked for again."""
        self._need("rehearsed")
        take_refusal(self.book, by=by, note=note)

    def migrate(self) -> dict[str, Any]:
        """Logs the keys of all targets, then moves batch by batch; goes on where an earlier call stopped.

        Raises:
            RegionError: The run is not approved. StopError: the data are no longer those of the rehearsal. ConcurrentWriterError: rows
                changed under a batch. WindowClosedError: the time window ended.
        """
        run = self._need("approved", "migrating")
        if run.mapping_digest != self.plan.mapping.digest:
            raise RegionError("The mapping is not the approved one; put the region files back, or begin a new run.")
        predictions = self.book.moves()
        self.book.update(state="migrating")
        moved = 0
        logs = {}
        for target in self.moving:  # all logs first: what decides one target's splits may be another target's column
            with self._target(target) as store:
                logs[target.id] = store.logged() or self._log(store, predictions)
        for target in self.moving:
            with self._target(target) as store:
                moved += move_batches(store, logs[target.id], around=self.around, settings=self.plan.settings, action="migrate")
        deed = Deed(
            actor=self.around.actor, action="regions.migrate", details={"moved": moved, "mapping": self.plan.mapping.digest}
        )
        self.book.update(state="migrated", facts={"moved": moved}, deed=deed)
        return {"moved": moved}

    def _log(self, store: TargetStore, predictions: list[tuple[str, str, str, str, int]]) -> Logged:
        target = store.target
        store.decide(self.book.decisions(target.id))
        logged = store.log(self.map_rows(store), batch_rows=self.plan.settings.batch_rows)
        foreseen = {row[1:] for row in predictions if row[0] == target.id and row[2]}
        if foreseen != set(logged.moves):
            store.drop()
            expected = sum(row[3] for row in foreseen)
            raise StopError(
                f"{target.id}: the rehearsal foresaw {expected:,} rows, the table now has {logged.rows:,} to move, or other ones: someone "
                "has written to it since. Nothing was changed; take the baseline and rehearse again."
            )
        return logged

    def prove(self) -> dict[str, Any]:
        """Compares every target with its baseline.

        Raises:
            StopError: A check failed; all of them are in the ledger.
        """
        self._need("migrated", "proved")
        found: list[c.Check] = []
        for target in self.plan.settings.targets:
            before = self.book.measures(target.id, "before")
            with self._target(target) as store:
                after = self._measure(store)
                self.book.put_measures(target.id, "after", after)
                if target.frozen:
                    found.append(c.same(11, "已结账统计未改动", target.label, before, after))
                    continue
                logged = store.logged()
                if logged is None:
                    raise RegionError(
                        f"{target.id}: its key log is gone, so that nothing can be proved or rolled back; restore it."
                    )
                moved = sum(store.done("migrate").values())
                found += [c.predicted(target.label, logged, moved), c.arrived(target.label, before, after, logged)]
                found += c.conserved(target.label, before, after)
                found.append(c.no_dead_code(target.label, after, partial(self.plan.resolver.dead, target), logged))
        found += restated_checks(
            self.plan, {target.id: self.book.measures(target.id, "after") for target in self.plan.settings.targets}
        )
        found += self._after_references()
        found += receiver_checks(self.plan)
        self.book.put_checks("proof", found)
        failed = [item for item in found if item.verdict == "fail"]
        if failed:
            named = "；".join(f"{item.number} {item.title} {item.target}" for item in failed[:10])
            raise StopError(
                f"{len(failed)} check(s) after the migration failed: {named}. Look at the report; roll back if in doubt."
            )
        self.book.update(state="proved")
        return c.counted(found)

    def _after_references(self) -> list[c.Check]:
        known = self._references()
        found = []
        for name, count in orphans(self.plan.settings.references, self.around.connection).items():
            before = known.get(name, 0)
            figures: dict[str, Any] = {"before": before, "after": count, "difference": count - before}
            found.append(c.check(12, "外部引用完整", target=name, **figures, ok=count <= before))
        return found

    def roll_back(self) -> dict[str, Any]:
        """Puts every moved row back from the key log and compares with the baseline.

        Raises:
            StopError: The baseline is not restored. ConcurrentWriterError: rows were changed since they were moved.
        """
        self._need("migrating", "migrated", "proved", "rolled_back")
        found: list[c.Check] = []
        moved = 0
        for target in reversed(self.moving):
            with self._target(target) as store:
                logged = store.logged()
                if logged is not None:
                    moved += move_batches(store, logged, around=self.around, settings=self.plan.settings, action="rollback")
                undone = self._measure(store)
            self.book.put_measures(target.id, "undone", undone)
            found.append(c.same(14, "回退恢复基线", target.label, self.book.measures(target.id, "before"), undone))
        self.book.put_checks("rollback", found)
        deed = Deed(actor=self.around.actor, action="regions.rollback", details={"undone": moved})
        self.book.update(state="rolled_back", facts={"undone": moved}, deed=deed)
        if any(item.verdict == "fail" for item in found):
            raise StopError("After the rollback the content is not that of the baseline: someone else has written; see the report.")
        return {"undone": moved, **c.counted(found)}

    def _need(self, *states: str) -> Any:
        run = self.book.read()
        if run.state not in states:
            wanted = "、".join(STATES[state] for state in states)
            raise RegionError(f"The run {run.id} is {run.state} ({STATES[run.state]}); this step needs: {wanted}.")
        return run
