"""What is exchanged: nothing readable, nothing that can be changed unseen, and clear words where folders do not fit."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hedui.digests.blind import FINDINGS, SUMMARY, compare_blind
from hedui.digests.export import digested, export_side
from hedui.digests.files import MANIFEST, ROWS, write_manifest
from hedui.digests.keys import secret
from hedui.digests.resolve import resolve_findings
from hedui.errors import HeduiError, LakeError
from unit.compare.bench import Bench, people_site, tiny_context
from unit.compare.flows import SITE as FLOW_SITE
from unit.digests.kit import DAY, KEY
from unit.digests.test_same_findings import IDS, person


@pytest.fixture
def bench(make_bench: Callable[[dict[str, Any]], Bench]) -> Bench:
    """Two sides: a common key with another name, one key on each side only, a row without a key."""
    bench = make_bench(people_site())
    bench.put("person", "a", DAY, [person(IDS[0]), person(IDS[1]), person(None)])
    bench.put("person", "b", DAY, [person(IDS[0], "乙"), person(IDS[2])], rejected=1)
    return bench


def export(bench: Bench, source: str, out: Path, **more: Any) -> Path:
    export_side(bench.context, "two", source, DAY, **({"secret": secret("test", "sm3"), "out": out} | more))
    return out


@pytest.fixture
def folders(bench: Bench, tmp_path: Path) -> list[Path]:
    return [export(bench, source, tmp_path / "out" / source) for source in "ab"]


def test_the_manifest_says_what_the_file_is_and_how_many_rows(folders: list[Path]) -> None:
    manifest = json.loads((folders[1] / MANIFEST).read_text("utf-8"))
    assert {name: manifest[name] for name in ("algorithm", "comparison", "source", "business_date", "rows", "rejected")} == {
        "algorithm": "HMAC-SM3",
        "comparison": "two",
        "source": "b",
        "business_date": "2026-06-03",
        "rows": 2,
        "rejected": 1,
    }
    assert sorted(path.name for path in folders[1].iterdir()) == [MANIFEST, ROWS]


def test_nothing_readable_is_exported(folders: list[Path]) -> None:
    plain = {*IDS, "甲", "乙", "1990-01-01", "PNone", *(f"P{number}" for number in IDS), KEY.hex()}
    for folder in folders:
        values = {value for row in pq.read_table(folder / ROWS).to_pylist() for value in row.values()}
        assert not plain & values
        assert all(value is None or isinstance(value, int) or len(value) == 64 for value in values)
        body = (folder / ROWS).read_bytes() + (folder / MANIFEST).read_bytes()
        assert not [text for text in plain if len(text) > 1 and text != "1990-01-01" and text.encode() in body]


def test_what_names_a_row_is_exported_only_where_the_key_is_unusable(folders: list[Path]) -> None:
    rows = pq.read_table(folders[0] / ROWS).to_pylist()
    assert [row["person_no"] is None for row in rows] == [row["id_number"] is not None for row in rows]


def test_the_same_rows_in_another_order_give_the_same_bytes(bench: Bench, folders: list[Path], tmp_path: Path) -> None:
    bench.put("person", "a", DAY, [person(None), person(IDS[1]), person(IDS[0])])
    again = export(bench, "a", tmp_path / "again")
    for name in (ROWS, MANIFEST):
        assert (again / name).read_bytes() == (folders[0] / name).read_bytes()


def test_the_order_of_the_folders_does_not_matter(bench: Bench, folders: list[Path], tmp_path: Path) -> None:
    results = [
        compare_blind(bench.context, given, secret=None, out=tmp_path / name)
        for name, given in (("one", folders), ("two", folders[::-1]))
    ]
    assert results[0].sha256 == results[1].sha256
    assert results[0].findings == 4
    assert json.loads((tmp_path / "one" / SUMMARY).read_text("utf-8"))["balance"]["b"]["rejected"] == 1


def test_one_who_has_no_secret_may_compare_and_it_is_said(bench: Bench, folders: list[Path], tmp_path: Path) -> None:
    checked = compare_blind(bench.context, folders, secret=secret("test", "sm3"), out=tmp_path / "with")
    unchecked = compare_blind(bench.context, folders, secret=None, out=tmp_path / "without")
    assert (checked.seal_checked, unchecked.seal_checked) == (True, False)
    assert checked.sha256 == unchecked.sha256


def test_an_agency_names_its_own_subjects_only(bench: Bench, folders: list[Path], tmp_path: Path) -> None:
    compare_blind(bench.context, folders, secret=None, out=tmp_path / "found")
    counts = resolve_findings(
        bench.context, tmp_path / "found" / FINDINGS, "two", "a", DAY, secret=secret("test", "sm3"), out=tmp_path / "own.parquet"
    )
    assert counts == (4, 3)
    rows = pq.read_table(tmp_path / "own.parquet").to_pylist()
    assert {(row["kind"], row["subject_key"]) for row in rows if row["known"]} == {
        ("ATTR", IDS[0]),
        ("ONLY_LEFT", IDS[1]),
        ("KEY", "no:PNone"),
    }
    assert [len(row["subject_key"]) for row in rows if not row["known"]] == [64]


def changed_rows(folder: Path) -> None:
    (folder / ROWS).write_bytes((folder / ROWS).read_bytes()[:-1] + b"?")


def changed_manifest(folder: Path) -> None:
    manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    (folder / MANIFEST).write_text(json.dumps(manifest | {"rejected": 7}), "utf-8")


def other_version(folder: Path) -> None:
    manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    (folder / MANIFEST).write_text(json.dumps(manifest | {"normaliser": "0"}), "utf-8")


def wrong_type(folder: Path) -> None:
    manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    (folder / MANIFEST).write_text(json.dumps(manifest | {"rows": "many"}), "utf-8")


DAMAGES = [
    pytest.param(changed_rows, "is not the file that its manifest describes", id="rows changed"),
    pytest.param(changed_manifest, "does not bear the seal", id="manifest changed"),
    pytest.param(other_version, "normaliser 0; this version reads", id="another version"),
    pytest.param(wrong_type, "rows is a str", id="an entry of another type"),
    pytest.param(lambda folder: (folder / ROWS).unlink(), "ask for the whole folder", id="rows missing"),
    pytest.param(lambda folder: (folder / MANIFEST).unlink(), "has no manifest.json", id="manifest missing"),
    pytest.param(lambda folder: (folder / MANIFEST).write_bytes(b"\xff{"), "is not JSON", id="manifest unreadable"),
    pytest.param(lambda folder: (folder / MANIFEST).write_text("[]"), "does not have the entries", id="manifest of another shape"),
]


@pytest.mark.parametrize(("damage", "message"), DAMAGES)
def test_a_damaged_folder_is_refused(
    bench: Bench, folders: list[Path], tmp_path: Path, damage: Callable[[Path], object], message: str
) -> None:
    damage(folders[1])
    with pytest.raises(HeduiError, match=message):
        compare_blind(bench.context, folders, secret=secret("test", "sm3"), out=tmp_path / "found")
    assert not (tmp_path / "found").exists()


def test_another_secret_is_told_by_its_fingerprint(
    bench: Bench, folders: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEDUI_DIGEST_KEY_OTHER", KEY[::-1].hex())
    other = secret("other", "sm3")
    with pytest.raises(HeduiError, match=f"not with HMAC-SM3 and {other.fingerprint}"):
        compare_blind(bench.context, folders, secret=other, out=tmp_path / "found")
    mixed = [folders[0], export(bench, "b", tmp_path / "other", secret=other)]
    with pytest.raises(HeduiError, match="differ in key_fingerprint"):
        compare_blind(bench.context, mixed, secret=None, out=tmp_path / "found")


def test_folders_must_cover_the_sides(bench: Bench, folders: list[Path], tmp_path: Path) -> None:
    for given in (folders[:1], [folders[0], folders[0]], [*folders, folders[0]]):
        with pytest.raises(HeduiError, match="two compares a, b; the folders are of"):
            compare_blind(bench.context, given, secret=None, out=tmp_path / "found")


def test_a_comparison_that_differs_between_the_agencies_is_refused(folders: list[Path], bench: Bench, tmp_path: Path) -> None:
    site = people_site()
    site["comparisons"] = [row | {"key": ["person_no"]} for row in site["comparisons"]]
    with pytest.raises(HeduiError, match="Let both agencies use the same comparison"):
        compare_blind(tiny_context(site, tmp_path), folders, secret=None, out=tmp_path / "found")


def test_only_the_exported_side_is_needed(bench: Bench, tmp_path: Path) -> None:
    bench.context.lake.remove(bench.context.canonical("person", "b", DAY))
    assert (export(bench, "a", tmp_path / "alone") / MANIFEST).exists()
    with pytest.raises(LakeError, match="canonical/person/b"):
        export(bench, "b", tmp_path / "missing")


def test_what_cannot_be_exported_is_refused(bench: Bench, folders: list[Path], tmp_path: Path) -> None:
    with pytest.raises(HeduiError, match="not an empty folder"):
        export(bench, "a", folders[0])
    with pytest.raises(HeduiError, match='"c" is no side of two'):
        export(bench, "c", tmp_path / "c")
    flows = tiny_context(FLOW_SITE, tmp_path)
    with pytest.raises(HeduiError, match="only snapshots"):
        export_side(flows, flows.site.comparisons[0].id, "x", DAY, secret=secret("test", "sm3"), out=tmp_path / "flow")


def test_a_tolerance_is_refused(tmp_path: Path) -> None:
    site = people_site()
    site["comparisons"] = [
        row | {"fields": row["fields"] | {"name": {"rule": "T03", "tolerance_fen": 1}}} for row in site["comparisons"]
    ]
    bench = Bench(tiny_context(site, tmp_path))
    bench.put("person", "a", DAY, [])
    with pytest.raises(HeduiError, match="name may differ by 1 fen"):
        export(bench, "a", tmp_path / "a")


def test_findings_of_something_else_are_not_resolved(bench: Bench, folders: list[Path], tmp_path: Path) -> None:
    common = secret("test", "sm3")
    with pytest.raises(HeduiError, match="does not have the columns of findings"):
        resolve_findings(bench.context, folders[0] / ROWS, "two", "a", DAY, secret=common, out=tmp_path / "own.parquet")
    with pytest.raises(HeduiError, match="cannot be read as Parquet"):
        resolve_findings(bench.context, folders[0] / MANIFEST, "two", "a", DAY, secret=common, out=tmp_path / "own.parquet")


def test_each_different_value_is_digested_once() -> None:
    seen: list[str] = []

    def keyed(value: str) -> str:
        seen.append(value)
        return value.upper()

    known: dict[str, str] = {}
    for _ in range(2):
        result = digested(pa.array(["a", None, "b", "a"]), keyed, known)
        assert result.to_pylist() == ["A", None, "B", "A"]
    assert seen == ["a", "b"]


def test_the_seal_covers_every_entry(folders: list[Path], bench: Bench, tmp_path: Path) -> None:
    common = secret("test", "sm3")
    exchange = export_side(bench.context, "two", "a", DAY, secret=common, out=tmp_path / "again")
    for field in dataclasses.fields(exchange):
        value = getattr(exchange, field.name)
        other = {"str": f"{value}x", "int": f"{value}1", "list": [*value, "x"] if isinstance(value, list) else None}
        changed = dataclasses.replace(exchange, **{field.name: other.get(type(value).__name__) or {**value, "x": "value"}})
        if field.name != "seal":
            assert changed.sealed_by(common) != exchange.seal, field.name
    write_manifest(tmp_path / "again", exchange)
    assert exchange.sealed_by(common) == exchange.seal
