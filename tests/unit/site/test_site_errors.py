"""Each mistake that a site can have, and what is said about it: file, line, field, value, what is allowed."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from hedui.errors import SiteError
from hedui.site import load_site

SHEBAO, SHENG, TAX = "sources/shebao.yaml", "sources/sheng.yaml", "sources/shuiwu.yaml"


MISTAKES = YAML(typ="safe").load(Path(__file__).with_name("mistakes.yaml"))


@pytest.mark.parametrize("mistake", [pytest.param(mistake, id=mistake["id"]) for mistake in MISTAKES])
def test_a_mistake_is_named_with_its_place(copy_site, mistake):
    site = copy_site("demo")
    line = site.replace(mistake["file"], mistake["old"], mistake["new"])

    problems = site.problems()

    found = [re.fullmatch(r"([^:]+):(\d+): (?:([^: ]+): )?(.*)", problem) for problem in problems]
    here = [match for match in found if match and match[1] == mistake["file"] and re.search(mistake["says"], match[4])]
    assert here, problems
    assert {match[3] or "" for match in here} & set(mistake["field"].split("|")), problems
    assert min(abs(int(match[2]) - line) for match in here) <= 20, (line, problems)


def test_a_path_needs_one_date_only(copy_site):
    site = copy_site("demo")
    site.replace(SHENG, "_{date:%Y%m%d}.txt", ".txt")

    assert load_site(site.folder).source("sheng").reader.path == "sheng/{date:%Y%m%d}/SB_{table}.txt"


def _laughs() -> str:
    """Nine lines that stand for ten billion values."""
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    for before, name in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{name}: &{name} [{', '.join(['*' + before] * 10)}]")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("a: 1\nid: demo\nid: other\n", r"site.yaml:3: id: is there twice, first in line 2", id="duplicate key"),
        pytest.param("id: [demo\n", r"site.yaml:\d: is not valid YAML", id="open bracket"),
        pytest.param("- demo\n", r"site.yaml:1: must be a mapping", id="a list"),
        pytest.param("", r"site.yaml:1: must be a mapping .*found nothing", id="empty"),
        pytest.param("110: demo\n", r"site.yaml:1: the key 110 must be text", id="key that is a number"),
        pytest.param("id: &a [*a]\n", r"contains itself", id="recursion"),
        pytest.param(
            "id: !!python/object:os.system demo\n", r"site.yaml:1: id: has the tag|site.yaml:1: id: .*is not a value", id="tag"
        ),
        pytest.param("id: 2026-02-30\n", r'site.yaml:1: id: "2026-02-30"', id="impossible date"),
        pytest.param(_laughs(), r"more than 200000 values", id="billion laughs"),
        pytest.param("id: " + "[" * 1100, r"site.yaml:1", id="deep nesting"),
    ],
)
def test_yaml_that_means_nothing(copy_site, text, says):
    site = copy_site("small")
    (site.folder / "site.yaml").write_text(text, "utf-8")

    assert any(re.search(says, problem) for problem in site.problems()), site.problems()


def test_a_file_in_another_encoding(copy_site):
    site = copy_site("small")
    (site.folder / "agencies.yaml").write_bytes("# 和\nagencies: []  # 机构\n".encode("gbk"))

    assert any(problem.startswith("agencies.yaml:1: byte 0xba is not UTF-8") for problem in site.problems())


def test_all_mistakes_at_once_and_no_mistake_twice(copy_site):
    site = copy_site("demo")
    site.replace("site.yaml", "Asia/Shanghai", "Mars")
    site.replace(SHEBAO, "agency: sb_local", "agency: nobody")
    site.replace("sources/yibao.yaml", "separator:", "seperator:")
    site.replace("authority.csv", "guotong", "nobody")

    problems = site.problems()

    assert [problem.split(":")[0] for problem in problems] == [
        "authority.csv",
        "site.yaml",
        SHEBAO,
        "sources/yibao.yaml",
        "sources/yibao.yaml",
    ], "a source with a mistake is known to the comparisons all the same"
    assert len(set(problems)) == len(problems)


FILES = ["site.yaml", "agencies.yaml", "comparisons.yaml", "rules.yaml", "authority.csv", "limits.csv", "regions.csv"]
FILES += ["sources/xianju.yaml", "sources/zhongxin.yaml", "sources/biaoge.yaml", "codes/scheme.csv", "codes/state.csv"]
PIECES = st.sampled_from(
    ["{", "}", "[", "]", ":", ",", "&a ", "*a ", "- ", "'", '"', "|", "\n", "\t", "!x ", "%", "? ", "null", "-1", "1e999"]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    file=st.sampled_from(FILES),
    where=st.floats(0, 1),
    cut=st.integers(0, 40),
    insert=PIECES | st.text(max_size=8),
    seed=st.integers(0, 9),
)
def test_whatever_is_in_the_files_only_site_errors_come_out(copy_site_once, file, where, cut, insert, seed):
    path = copy_site_once.folder / file
    before = path.read_bytes()
    text = before.decode("utf-8")
    at = int(where * len(text))
    spoilt = text[:at] + insert + text[at + cut :]
    if seed == 0:
        lines = spoilt.split("\n")
        random.Random(at).shuffle(lines)
        spoilt = "\n".join(lines)
    try:
        path.write_bytes(spoilt.encode("utf-8", "surrogatepass"))
        problems: list[str] = []
        try:
            load_site(copy_site_once.folder)
        except SiteError as error:
            problems = error.problems
        assert all("\n" not in problem for problem in problems)
    finally:
        path.write_bytes(before)


@pytest.fixture
def copy_site_once(copy_site):
    return copy_site("small")
