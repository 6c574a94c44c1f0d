"""Which open cases a proposal is to take: what a person, a form or a bundle's own record says."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from typing import Any

from hedui.canonical.schemas import datasets
from hedui.corrections.errors import CorrectionError
from hedui.findings import KINDS
from hedui.rules import rules
from hedui.site import Site


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which open cases to take; what is left empty takes all.

    Cases of snapshot comparisons that the target's source takes part in can be corrected; those of flows and of checks say that something
    is wrong, but not which value is right, so they are not among those that a selection takes.

    Attributes:
        rules: Rule ids.
        comparisons: Comparison ids (scopes).
        kinds: Kinds of findings.
        fields: Canonical fields.
        agencies: Agencies that own the cases.
        tiers: Tiers of those agencies (``local``, ``provincial`` …).
        regions: Region codes.
        insurances: Insurance codes.
        cases: Case tokens of the workbook, or fingerprints.
        min_age: Least age in working days.
        max_age: Greatest age in working days.
        min_amount_fen: Least money at stake; a case without an amount has none.
        max_amount_fen: Greatest money at stake; a case without an amount has none.
        parent: A bundle whose cases were returned or opened again: only those.
        limit: Most cases, the oldest first.
    """

    rules: tuple[str, ...] = ()
    comparisons: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    agencies: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    insurances: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    min_age: int | None = None
    max_age: int | None = None
    min_amount_fen: int | None = None
    max_amount_fen: int | None = None
    parent: str | None = None
    limit: int | None = None

    def to_json(self) -> dict[str, Any]:
        """What restricts, as JSON."""
        given = {item.name: getattr(self, item.name) for item in fields(self)}
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in given.items() if value not in ((), None)
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Selection:
        """A selection from JSON, such as a DAG's parameter.

        Raises:
            CorrectionError: It has an unknown key.
        """
        known = {item.name for item in fields(cls)}
        for name in value:
            if name not in known:
                raise CorrectionError(f'A selection has no "{name}"; it may have {", ".join(sorted(known))}.')
        given: dict[str, Any] = {name: tuple(item) if isinstance(item, list) else item for name, item in value.items()}
        return cls(**given)

    def check(self, site: Site, *, target: str, comparisons: Collection[str]) -> None:
        """Refuses names that nothing bears: a slip of the pen must not look like a night without cases.

        Args:
            site: The site.
            target: Id of the system that is corrected, for the message.
            comparisons: Those of which it can be corrected.

        Raises:
            CorrectionError: Says which, and what there is.
        """
        there: dict[str, Collection[str]] = {
            "rules": rules().keys(),
            "comparisons": comparisons,
            "kinds": KINDS.keys(),
            "fields": {name for dataset in datasets().values() for name in dataset.fields},
            "agencies": {agency.id for agency in site.agencies},
            "tiers": {agency.tier for agency in site.agencies},
        }
        for name, known in there.items():
            for value in getattr(self, name):
                if value not in known:
                    listed = ", ".join(sorted(known))
                    raise CorrectionError(f'The selection asks for {name} "{value}"; for {target} there are {listed}.')
