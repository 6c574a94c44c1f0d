"""What corrections.yaml may say: all mistakes at once, each with its place, the value and what is allowed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from hedui.errors import HeduiError, SiteError
from hedui.site.check_corrections import load_corrections
from hedui.site.corrections import FILE, CorrectionSettings
from unit.corrections.plans_world import FOLDER, LOCAL, PROVINCE, SETTINGS, SITE

Edit = Callable[[str], str]


def swap(old: str, new: str) -> Edit:
    def edit(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return edit


def load(folder: Path, *edits: Edit) -> CorrectionSettings | None:
    text = (FOLDER / FILE).read_text("utf-8")
    for edit in edits:
        text = edit(text)
    (folder / FILE).write_text(text, "utf-8")
    return load_corrections(folder, SITE)


def test_the_demo_corrects_its_city_and_sends_to_its_province() -> None:
    assert (LOCAL.mode, LOCAL.connection, PROVINCE.mode) == ("execute", "shebao_db", "dispatch")
    assert PROVINCE.outbox is not None


def test_a_site_without_the_file_corrects_nothing(tmp_path: Path) -> None:
    assert load_corrections(tmp_path, SITE) is None


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        pytest.param(swap("connection: shebao_db", "outbox: {url: a, receipts: b}"), "mode execute needs connection", id="no connection"),
        pytest.param(swap("    outbox: {url: corrections/outbox, receipts: corrections/receipts}\n", ""), "mode dispatch needs outbox",
                     id="no outbox"),
        pytest.param(swap("source: sheng", "source: shen"), '"shen" is no source of the site', id="source"),
        pytest.param(swap("- dataset: unit\n", "- dataset: unt\n"), 'source shebao has no "unt"', id="dataset"),
        pytest.param(swap("key: [aab001]", "key: [aab00]"), '"aab00" is not read from shebao.ab01', id="key"),
        pytest.param(swap("closed_fields: [unit_no]", "closed_fields: [unit]"), 'unit has no field "unit"', id="field"),
        pytest.param(swap("executor: engineer", "executor: manager"), '"manager" alone is for', id="one person for two things"),
        pytest.param(swap("id: sheng\n", "id: shebao\n"), '"shebao" is there twice', id="twice"),
        pytest.param(swap("dialect: oracle", "dialect: mysql"), "dialect", id="dialect"),
        pytest.param(swap("XM: {length: 100}", "XM: {lenght: 100}"), "unknown key", id="unknown key"),
        pytest.param(swap("XM: {length: 100}", "XMM: {length: 100}"), "XMM", id="unknown column"),
        pytest.param(swap("XM: {length: 100}", "XM: {fixed: true}"), "is for text of CHAR(n)", id="CHAR without length"),
        pytest.param(lambda text: text + "explained: [IN_TRANSIT, TRANSIT]\n", '"TRANSIT" is no kind of finding', id="kind"),
        pytest.param(lambda text: text + "key_fields: {person: [nme]}\n", 'person has no field "nme"', id="key field"),
        pytest.param(lambda text: text + "key_fields: {people: [name]}\n", '"people" is no canonical dataset', id="key dataset"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(tmp_path: Path, edit: Edit, told: str) -> None:
    with pytest.raises(SiteError) as raised:
        load(tmp_path, edit)
    problem = next(line for line in raised.value.problems if told in line)
    file, line, _ = problem.split(":", 2)
    assert file == FILE
    assert int(line) > 1


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(SiteError) as raised:
        load(tmp_path, swap("source: sheng", "source: shen"), swap("key: [aab001]", "key: [aab00]"))
    assert len(raised.value.problems) == 2


def test_an_unknown_target_is_told_with_those_there_are() -> None:
    assert SETTINGS is not None
    with pytest.raises(HeduiError, match='corrects no "shen"; choose one of shebao, sheng'):
        SETTINGS.target("shen")


def test_key_fields_are_those_of_the_handbook_where_the_site_names_none() -> None:
    assert SETTINGS is not None
    assert all(SETTINGS.is_key_field("person", name) for name in ("name", "id_number", "birth_date", "first_work_date"))
    assert not SETTINGS.is_key_field("pension_account", "months_paid")


def test_the_folder_of_the_demo_is_left_alone(tmp_path: Path) -> None:
    shutil.copy(FOLDER / FILE, tmp_path / FILE)
    assert load_corrections(tmp_path, SITE) == SETTINGS
