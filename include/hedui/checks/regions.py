"""The regions that rules judge by: regions.csv, and where the site has region versions, each code with the days on which it held."""

from __future__ import annotations

import datetime as dt

from hedui.site import Site
from hedui.site.models import Region


def judged_regions(site: Site) -> tuple[Region, ...]:
    """The codes of the prefectures that regions.csv lists, with all their versions; rows of regions.csv that no version knows stay.

    The first known table judges what is older.
    """
    codes = site.codes_by_version
    if codes is None:
        return site.regions
    listed = {region.prefecture for region in site.regions}
    known = codes.spans
    rows = [
        Region(code=code, name=name, valid_from=begin, valid_to=end)
        for code, spans in known.items()
        if code[:4] in listed
        for name, begin, end in spans
    ]
    return (*rows, *(region for region in site.regions if region.code not in known))


def spoken_regions(site: Site, *, source: str, date: dt.date) -> tuple[Region, ...]:
    """As :func:`judged_regions`, and codes of the table that the source speaks hold on the date as well.

    Between an approval and the day on which a source migrates, its old codes are no mistake.
    """
    regions, codes = judged_regions(site), site.codes_by_version
    if codes is None:
        return regions
    listed = {region.prefecture for region in site.regions}
    table = codes.store.table(codes.spoken(source, date)).rows
    still = {row.code: row.name for row in table.values() if row.code[:4] in listed}
    for region in regions:
        if region.valid_from <= date <= region.valid_to:
            still.pop(region.code, None)
    return (*regions, *(Region(code=code, name=name, valid_from=date, valid_to=date) for code, name in still.items()))
