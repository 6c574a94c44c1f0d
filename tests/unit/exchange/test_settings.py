"""What pushes and requests for help name of the site must be there; every mistake with its place, and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from hedui.errors import SiteError
from hedui.site import Site, load_site
from hedui.site.assist import load_assist
from hedui.site.padis import load_padis
from hedui.site.pushes import load_pushes

DEMO = Path(__file__).resolve().parents[3] / "include" / "sites" / "demo"
LOADERS = {"pushes": load_pushes, "assist": load_assist, "padis": load_padis}


@pytest.fixture(scope="module")
def site() -> Site:
    return load_site(DEMO, rules=False)


MISTAKES = [
    pytest.param("pushes", "source: shebao", "source: liudong", "pushes.0.source",
                 '"liudong" does not deliver person; choose one of', id="a source that does not have the dataset"),
    pytest.param("pushes", "source: shebao", "source: shebo", "pushes.0.source", 'Did you mean "shebao"?', id="no such source"),
    pytest.param("pushes", "{to: 死亡日期, from: death_date}", "{to: 民族, from: ethnisity}", "pushes.0.columns.2.from",
                 'Did you mean "ethnicity"?', id="no such field"),
    pytest.param("pushes", "by: [sex, marital_state]", "by: [sex, region]", "pushes.2.statistics",
                 'there is no field "region"', id="no such field of counts"),
    pytest.param("pushes", "    basis: 社会救助家庭", "    codes: 税局\n    basis: 社会救助家庭", "pushes.0.codes",
                 'regions.yaml has no receiver "税局"; choose one of 税务', id="no such receiver of codes"),
    pytest.param("pushes", '"push/minzheng/{name}"', '"push/minzheng/{names}"', "pushes.0.transport.path",
                 'there is no place "{names}"; choose one of name', id="a path with an unknown place"),
    pytest.param("pushes", '"push/minzheng/{name}"', '"push/minzheng/daily.csv"', "pushes.0.transport.path",
                 "two files must not have one path", id="one path for all files"),
    pytest.param("assist", "source: liudong", "source: shebao", "pairing.0.source",
                 '"shebao" does not deliver floating_person; choose one of liudong.', id="persons are looked for where there are none"),
    pytest.param("assist", "agency: health", "agency: helth", "agency", 'Did you mean "health"?', id="no such agency"),
    pytest.param("assist", 'code: "02"', 'code: "01"', "topics.1.code", "is there twice", id="a topic twice"),
    pytest.param("padis", "birth: [chusheng]", "birth: [gongan]", "sources.birth.0",
                 '"gongan" does not deliver birth; choose one of chusheng, shengyu.', id="births from who has none"),
    pytest.param("padis", "birth: [chusheng]", "birth: [shengyu]", "sources.birth.0",
                 'the source shengyu does not deliver "birth_time" of birth', id="births without their time"),
    pytest.param("padis", "X-Name: \"{name}\"", "X-Name: \"{nam}\"", "transport.send.headers.X-Name",
                 'there is no place "{nam}"', id="a header with an unknown place"),
    pytest.param("padis", 'path: "/receipts/{receipt}"', 'path: "/receipts/{batch}"', "transport.receipt.path",
                 'there is no place "{batch}"; choose one of receipt', id="a receipt is fetched by its name"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "right", "wrong", "path", "said"), MISTAKES)
def test_a_mistake_is_told_with_its_place(
    site: Site, tmp_path: Path, file: str, right: str, wrong: str, path: str, said: str
) -> None:
    text = (DEMO / f"{file}.yaml").read_text("utf-8")
    before, _, _ = text.partition(right)
    assert before != text
    (tmp_path / f"{file}.yaml").write_text(text.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(SiteError) as caught:
        LOADERS[file](tmp_path, site)
    line = before.count("\n") + 1
    assert any(one.startswith(f"{file}.yaml:{line}: {path}: ") and said in one for one in caught.value.problems), (
        caught.value.problems
    )


def test_all_mistakes_are_told_at_once(site: Site, tmp_path: Path) -> None:
    text = (
        (DEMO / "pushes.yaml").read_text("utf-8").replace("source: liudong", "source: liudon").replace("from: phone", "from: fone")
    )
    (tmp_path / "pushes.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(SiteError) as caught:
        load_pushes(tmp_path, site)
    assert [line.split(": ")[1] for line in caught.value.problems] == [
        "pushes.1.source",
        "pushes.1.columns.5.from",
        "pushes.2.source",
    ]


@pytest.mark.parametrize("file", list(LOADERS))
def test_the_demo_site_has_no_mistake(site: Site, file: str) -> None:
    assert LOADERS[file](DEMO, site) is not None
