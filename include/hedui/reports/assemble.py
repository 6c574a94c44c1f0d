"""Puts the sheets of the nightly workbook together."""

from __future__ import annotations

from collections.abc import Sequence

from hedui.reports.content import LongTable, Report, Sheet
from hedui.reports.night import Night
from hedui.reports.sections.ageing import ageing
from hedui.reports.sections.cover import cover
from hedui.reports.sections.kinds import kinds
from hedui.reports.sections.others import causes, definitions, exemptions
from hedui.reports.sections.quality import quality
from hedui.reports.sections.statement import statement
from hedui.reports.sections.tiers import tiers
from hedui.reports.sections.totals import totals


def nightly_report(night: Night, details: LongTable, *, protect: bool = False, more: Sequence[Sheet] = ()) -> Report:
    """The report of a night: the cover, then the figures (and ``more`` of them), then the details."""
    sheets: tuple[Sheet | LongTable, ...] = (
        totals(night),
        statement(night),
        kinds(night),
        tiers(night),
        quality(night),
        ageing(night),
        causes(night),
        *more,
        details,
        exemptions(night),
        definitions(night),
    )
    return Report(
        title=night.title,
        organisation=night.organisation,
        business_date=night.business_date,
        sheets=(cover(night, sheets), *sheets),
        protect=protect,
    )
