"""A whole, validated site with the questions that steps ask it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from hedui.errors import HeduiError
from hedui.rules import rule
from hedui.site.models import Agency, Comparison, Limit, RuleSetting, SiteModel, SnapshotComparison, Source
from hedui.site.problems import choose
from hedui.site.regions import RegionSettings

if TYPE_CHECKING:
    from hedui.regions.spoken import SiteCodes

DEFAULT_SETTING = RuleSetting()


class Site(SiteModel):
    """A site as its folder describes it; every cross reference in it has been checked.

    Attributes:
        region_codes: Its ``regions.yaml``, where it has one.
        folder: Where it was read from.
    """

    region_codes: RegionSettings | None = None
    folder: Path | None = None

    @cached_property
    def codes_by_version(self) -> SiteCodes | None:
        """The site's region codes by version; None where the site has no ``regions.yaml``."""
        from hedui.regions.spoken import SiteCodes

        if self.region_codes is None or self.folder is None:
            return None
        return SiteCodes(settings=self.region_codes, folder=self.folder)

    def region_version(self, source_id: str, date: dt.date) -> dict[str, str]:
        """What a canonical manifest says of its region codes: the date of the table whose codes the source speaks on that day.

        Raises:
            RegionError: The declared table is not known.
        """
        codes = self.codes_by_version
        return {} if codes is None else {"region_version": codes.spoken(source_id, date).isoformat()}

    @cached_property
    def _agencies(self) -> dict[str, Agency]:
        return {agency.id: agency for agency in self.agencies}

    @cached_property
    def _sources(self) -> dict[str, Source]:
        return {source.id: source for source in self.sources}

    @cached_property
    def _comparisons(self) -> dict[str, Comparison]:
        return {comparison.id: comparison for comparison in self.comparisons}

    def agency(self, agency_id: str) -> Agency:
        """The agency with the id.

        Raises:
            HeduiError: The site has no such agency.
        """
        try:
            return self._agencies[agency_id]
        except KeyError:
            raise HeduiError(f'The site has no agency "{agency_id}"; {choose(agency_id, self._agencies)}') from None

    def source(self, source_id: str) -> Source:
        """The source with the id.

        Raises:
            HeduiError: The site has no such source.
        """
        try:
            return self._sources[source_id]
        except KeyError:
            raise HeduiError(f'The site has no source "{source_id}"; {choose(source_id, self._sources)}') from None

    def comparison(self, comparison_id: str) -> Comparison:
        """The comparison with the id.

        Raises:
            HeduiError: The site has no such comparison.
        """
        try:
            return self._comparisons[comparison_id]
        except KeyError:
            raise HeduiError(f'The site has no comparison "{comparison_id}"; {choose(comparison_id, self._comparisons)}') from None

    @property
    def linked(self) -> tuple[SnapshotComparison, ...]:
        """The comparisons whose one-sided keys are to be linked, in the site's order."""
        return tuple(item for item in self.comparisons if isinstance(item, SnapshotComparison) and item.linkage is not None)

    def sources_of(self, dataset: str) -> tuple[Source, ...]:
        """The sources that deliver a canonical dataset, in the site's order."""
        return tuple(source for source in self.sources if dataset in source.datasets)

    def rule_setting(self, rule_id: str) -> RuleSetting:
        """The site's setting for a rule; the defaults where rules.yaml does not name it."""
        return self.rules.get(rule_id, DEFAULT_SETTING)

    def rule_severity(self, rule_id: str) -> str:
        """A rule's severity: the site's, else the catalogue's.

        Raises:
            HeduiError: The catalogue has no such rule.
        """
        return self.rule_setting(rule_id).severity or rule(rule_id).severity

    def rule_agency(self, rule_id: str, source_id: str) -> str:
        """Id of the agency that acts on a rule's findings about a source: the rule's setting, else the source's agency."""
        return self.rule_setting(rule_id).agency or self.source(source_id).agency

    def right_source(
        self, *, dataset: str, field: str, insurance: str | None, date: dt.date, sources: Collection[str]
    ) -> str | None:
        """The source whose value of a field is right on a date, among those that take part.

        authority.csv is an ordered list: the first row that fits and whose source is one of ``sources`` decides. None where no row
        does: then nobody is called right.
        """
        for row in self.authority:
            if (
                row.source in sources
                and row.dataset in ("", dataset)
                and row.field in ("", field)
                and row.insurance in ("", insurance or "")
                and row.valid_from <= date <= row.valid_to
            ):
                return row.source
        return None

    def limits_at(self, name: str, date: dt.date) -> tuple[Limit, ...]:
        """The rows of limits.csv called ``name`` that hold on ``date``; an empty region or insurance fits all."""
        return tuple(limit for limit in self.limits if limit.name == name and limit.valid_from <= date <= limit.valid_to)
