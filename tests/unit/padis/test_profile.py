"""Mistakes in padis.yaml and profiles are told all at once, with file, line, field, value and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from hedui.errors import SiteError
from hedui.padis.fields import kinds
from hedui.padis.model import BATCH_STEPS, BatchState
from hedui.site.padis import SHIPPED, load_padis, load_profile

MISTAKES = """\
id: broken
title: 错
records:
  birth:
    type: CS
    fields:
      - {to: A, from: certificate_no}
      - {to: A, from: certificat_no}
      - {to: B}
      - {to: C, from: sex, codes: gender}
envelope: {type: delimited, encoding: utf-16}
name: "fixed.zip"
transport: {type: ftp}
receipts:
  format: {envelope: {type: json}}
  batch: {"0": acepted}
"""


def problems(folder: Path, profile: str, settings: str = 'sender: "460200"\nprofile: own.yaml\n') -> list[str]:
    (folder / "padis.yaml").write_text(settings, "utf-8")
    (folder / "own.yaml").write_text(profile, "utf-8")
    with pytest.raises(SiteError) as caught:
        load_padis(folder)
    return caught.value.problems


def test_what_has_the_wrong_shape_is_told_first(tmp_path: Path) -> None:
    found = problems(tmp_path, MISTAKES)
    assert any(line.startswith('own.yaml:11: envelope.encoding: "utf-16" is not allowed; choose one of') for line in found)
    assert any(line.startswith('own.yaml:13: transport.type: "ftp" is not allowed') for line in found)
    assert any('receipts.batch.0: "acepted" is not allowed' in line and 'Did you mean "accepted"?' in line for line in found)


def test_then_what_does_not_fit_together(tmp_path: Path) -> None:
    shaped = MISTAKES.replace("utf-16", "utf-8").replace("{type: ftp}", "{type: directory}").replace("acepted", "accepted")
    found = problems(tmp_path, shaped)
    assert [line.split(": ", 2)[:2] for line in found] == [
        ["own.yaml:7", "records.birth.fields.0.to"],
        ["own.yaml:8", "records.birth.fields.1.from"],
        ["own.yaml:8", "records.birth.fields.1.to"],
        ["own.yaml:9", "records.birth.fields.2.to"],
        ["own.yaml:10", "records.birth.fields.3.codes"],
        ["own.yaml:12", "name"],
        ["own.yaml:15", "receipts.format"],
    ]
    assert 'there is no field "certificat_no"' in found[1]
    assert 'Did you mean "certificate_no"?' in found[1]


def test_a_profile_that_is_not_there_is_named(tmp_path: Path) -> None:
    found = problems(tmp_path, MISTAKES, 'sender: "46"\nprofile: provice.yaml\n')
    assert [line.split(": ", 2)[1] for line in found] == ["sender"]
    found = problems(tmp_path, MISTAKES, 'sender: "460200"\nprofile: provice.yaml\n')
    assert found == ["padis.yaml:2: profile: there is no \"provice.yaml\"; name a file of the site or ['reference']"]


def test_a_site_without_the_file_reports_nothing(tmp_path: Path) -> None:
    assert load_padis(tmp_path) is None


def test_the_shipped_profile_says_that_it_is_ours() -> None:
    profile = load_profile(SHIPPED / "reference.yaml")
    assert not profile.official
    assert "非国家正式规范" in profile.title


def test_the_reference_names_every_field_of_the_birth_data_set() -> None:
    profile = load_profile(SHIPPED / "reference.yaml")
    named = {field.source for field in profile.records["birth"].fields}
    assert set(kinds()["birth"].fields) <= named
    assert len(set(kinds()["birth"].fields) - {"birth_order"}) == 33  # HRB01.01


def test_registrations_have_four_regions() -> None:
    regions = [field.name for field in kinds()["registration"].fields.values() if field.type == "region"]
    assert regions == ["wife_registered_region", "wife_living_region", "husband_registered_region", "husband_living_region"]


def test_what_is_unknown_is_never_sent_without_an_answer_in_between() -> None:
    assert set(BATCH_STEPS) == {str(state) for state in BatchState}
    assert "SENDING" not in BATCH_STEPS["UNKNOWN"] | BATCH_STEPS["SENT"] | BATCH_STEPS["QUERY"]
    assert [state for state, after in BATCH_STEPS.items() if "SENDING" in after] == ["PACKED"]
