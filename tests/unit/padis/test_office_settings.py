"""What padis.yaml names of the site must be there."""

from __future__ import annotations

from pathlib import Path

import pytest

from hedui.context import Context
from hedui.errors import SiteError
from hedui.lake import Lake
from hedui.padis.office import open_office
from hedui.site import load_site

DEMO = Path(__file__).resolve().parents[3] / "include" / "sites" / "demo"


def context(folder: Path) -> Context:
    return Context(
        site=load_site(DEMO), lake=Lake(str(folder)), reports=folder, inbox=str(folder), ledger_url="", connection={}.__getitem__
    )


def test_births_come_from_the_named_source_only(tmp_path: Path) -> None:
    office = open_office(context(tmp_path), DEMO)
    assert (office.sources("birth"), office.sources("registration")) == (["chusheng"], ["shengyu"])


def test_an_agency_or_source_that_is_not_there_is_named(tmp_path: Path) -> None:
    text = (DEMO / "padis.yaml").read_text("utf-8").replace("agency: health", "agency: helth").replace("[chusheng]", "[chushen]")
    (tmp_path / "padis.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(SiteError) as caught:
        open_office(context(tmp_path), tmp_path)
    said = "\n".join(caught.value.problems)
    assert 'there is no agency "helth"' in said
    assert 'Did you mean "chusheng"?' in said
