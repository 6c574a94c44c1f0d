"""Mistakes in how a source is read are told with their place; the examples of the documentation have none."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter
from ruamel.yaml import YAML

from hedui.errors import SiteError
from hedui.site import load_site
from hedui.site.readers import Reader

ROOT = Path(__file__).resolve().parents[3]
SMALL = ROOT / "tests" / "sites" / "small"
FIXED = """{type: fixed, path: "{date:%Y%m%d}.dat", encoding: gbk,
  trailer: {fields: [{name: n, bytes: 3}, {name: s, bytes: 9}], count: n},
  layout: {payment: [{name: a, bytes: 5}, {name: b, bytes: 5}]}}"""


def mistakes(folder: Path, reader: str, columns: str = "{detail_no: {from: a}, unit_paid_fen: {from: b}}") -> str:
    shutil.copytree(SMALL, folder, dirs_exist_ok=True)
    agency = YAML(typ="safe").load((folder / "agencies.yaml").read_text("utf-8"))["agencies"][0]["id"]
    text = f"id: lai\nname: 来\nagency: {agency}\nreader: {reader}\ndatasets:\n  payment: {{table: T, columns: {columns}}}\n"
    (folder / "sources" / "lai.yaml").write_text(text, "utf-8")
    try:
        load_site(folder)
    except SiteError as error:
        return "\n".join(error.problems)
    return ""


def test_settings_without_a_mistake(tmp_path):
    assert mistakes(tmp_path, FIXED) == ""


@pytest.mark.parametrize(
    ("reader", "says"),
    [
        pytest.param(FIXED.replace("count: n", "count: m"), '"m" is not one of its fields', id="count"),
        pytest.param(FIXED.replace("name: b", "name: a"), "is there twice", id="column twice"),
        pytest.param(FIXED.replace("payment:", "person:"), "payment is missing: each dataset needs its columns", id="layout"),
        pytest.param(FIXED.replace("bytes: 5}]", 'bytes: 5, pad: "　"}]'), "must be an ASCII character", id="pad"),
        pytest.param(FIXED.replace("layout:", "totals: {unit_paid_fen: {from: x}}, layout:"), '"x" is not declared', id="total"),
        pytest.param(FIXED.replace("layout:", "totals: {name: {from: s}}, layout:"), "is not a money field", id="no money"),
        pytest.param(FIXED.replace("layout:", "member: x, layout:"), "has no meaning without archive: zip", id="member"),
        pytest.param('{type: xml, path: "{date:%Y%m%d}{nature}.xml"}', 'unknown placeholder "{nature}"', id="placeholder"),
        pytest.param('{type: xml, path: "{date:%Y%m%d}.xml", inbox: "sftp://u:p@h/x"}', "holds a user, a password", id="password"),
        pytest.param('{type: xml, path: "{date:%Y%m%d}.xml", packets: false}', "packets", id="XML without packets"),
        pytest.param('{type: xml, path: "{date:%Y%m%d}.xml", complete: {}}', "either marker or stable_seconds", id="complete"),
        pytest.param(
            '{type: delimited, path: "{date:%Y%m%d}_*.txt", encoding: gbk, separator: ","}', "fits several files", id="several"
        ),
        pytest.param(
            '{type: delimited, path: "{date:%Y%m%d}.txt", encoding: gbk, separator: ",", may_be_absent: true}',
            "is for packets",
            id="absent",
        ),
    ],
)
def test_mistakes_are_told(tmp_path, reader, says):
    assert says in mistakes(tmp_path, reader)


def examples() -> list[Any]:
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "carriers.md").read_text("utf-8"), re.DOTALL)
    return [YAML(typ="safe").load(block)["reader"] for block in blocks]


@pytest.mark.parametrize("reader", examples(), ids=lambda reader: reader["type"])
def test_the_documented_examples_are_valid(reader):
    assert TypeAdapter(Reader).validate_python(reader).type == reader["type"]
