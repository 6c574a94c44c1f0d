"""What leaves: by region, with the named columns only, masked, once; receipts by count and digest; the audit chain says it all."""

from __future__ import annotations

from pathlib import Path

import pytest

from hedui.audit import entries, verify
from hedui.context import Context
from hedui.errors import SiteError
from hedui.exchange.pushing import push_out, take_receipts
from hedui.padis.envelopes import read
from hedui.padis.errors import NotDeliveredError
from hedui.regions.receiving import ReceiverCodes
from hedui.site.pushes import FILE, Push, PushColumn, load_pushes
from integration.exchange.conftest import DATE, DEMO, floating, put

CODES = ReceiverCodes(DEMO)


@pytest.fixture(scope="module")
def pushes() -> dict[str, Push]:
    settings = load_pushes(DEMO)
    assert settings is not None
    return {push.id: push for push in settings.pushes}


def files(context: Context, folder: str) -> dict[str, Path]:
    return {path.name: path for path in sorted(Path(context.inbox, "push", folder).glob("*.csv"))}


def test_rows_leave_by_region_with_the_named_columns_once(context: Context, pushes: dict[str, Push]) -> None:
    push, rows = pushes["gongan_renkou"], [floating(number) for number in range(7)]
    put(context, rows)
    first = push_out(context, push, date=DATE, codes=CODES, operator="tester")
    assert (first.files, first.sent, first.rows) == (2, 2, 7)
    assert push_out(context, push, date=DATE, codes=CODES, operator="tester").sent == 0, "the same data do not leave again"
    sent = files(context, "gongan")
    assert list(sent) == ["gongan_renkou_990101_20260603_01.csv", "gongan_renkou_990102_20260603_01.csv"]
    for county, name in zip(("990101", "990102"), sent, strict=True):
        told = read(push.envelope, sent[name].read_bytes()).rows
        expected = [row for row in rows if row["living_region"] == county]
        assert [list(row) for row in told] == [[column.to for column in push.columns]] * len(expected)
        assert [row["身份证号"] for row in told] == [row["id_number"] for row in expected]
        assert [row["联系电话"] for row in told] == [f"{row['phone'][:3]}****{row['phone'][-4:]}" for row in expected]
    put(context, [*rows, floating(8)])
    again = push_out(context, push, date=DATE, codes=CODES, operator="tester")
    assert (again.files, again.sent) == (2, 1)
    assert "gongan_renkou_990101_20260603_02.csv" in files(context, "gongan")
    chain = entries(context.ledger_url, actions=["push.send"])
    assert {entry.subject for entry in chain} == {f"对外推送 {name[:-4]}" for name in files(context, "gongan")}
    assert all(entry.details["receiver"] == "和对市公安局" and entry.details["sm3"] for entry in chain)
    assert verify(context.ledger_url).broken is None


def test_receipts_must_have_the_same_count_and_digest(context: Context, pushes: dict[str, Push]) -> None:
    push = pushes["gongan_renkou"]
    folder = Path(context.inbox, "push", "gongan")
    one, two, three = list(files(context, "gongan"))
    sm3 = {name: (folder / f"{name}.sm3").read_text() for name in (one, two, three)}
    rows = {name: len(read(push.envelope, (folder / name).read_bytes()).rows) for name in (one, two, three)}
    lines = [
        f"{one[:-4]},{rows[one]},{sm3[one]},0,",
        f"{two[:-4]},{rows[two] - 1},{sm3[two]},0,",
        f"{three[:-4]},{rows[three]},{sm3[three]},1,格式不符",
        "gongan_renkou_990199_20260603_01,1,ab,0,",
    ]
    (folder / "receipts").mkdir()
    (folder / "receipts" / "HZ1.csv").write_text("批次,行数,摘要,结果,说明\n" + "\n".join(lines) + "\n", encoding="utf-8")
    (folder / "receipts" / "HZ2.csv").write_text("别的\n", encoding="utf-8")
    counted = take_receipts(context, push, operator="tester")
    assert counted == {"accepted": 1, "differs": 1, "refused": 1, "stray": 1, "unreadable": 1}
    assert take_receipts(context, push, operator="tester") == {}, "a receipt counts once"
    assert len(entries(context.ledger_url, actions=["push.receipt"])) == 3


def test_small_cells_do_not_leave(context: Context, pushes: dict[str, Push]) -> None:
    push = pushes["tongji_renkou"]
    people = [floating(number, living_region="990101", sex="1", marital_state="20") for number in range(20)]
    people += [floating(number, living_region="990101", sex="2", marital_state="20") for number in range(20, 35)]
    people += [floating(number, living_region="990101", sex="2", marital_state="10") for number in range(35, 38)]
    put(context, people)
    done = push_out(context, push, date=DATE, codes=CODES, operator="tester")
    assert (done.files, done.suppressed) == (1, 2), "the cell of three, and the next one, or it could be worked out"
    (path,) = files(context, "tongji").values()
    told = [tuple(row.values()) for row in read(push.envelope, path.read_bytes()).rows]
    assert told == [
        ("990101", "1", "20", "20"),
        ("990101", "2", "10", "*"),
        ("990101", "2", "20", "*"),
        ("990101", "合计", "", "38"),
    ]


def test_a_personal_field_needs_a_mask_or_a_basis(tmp_path: Path) -> None:
    text = (DEMO / FILE).read_text("utf-8").replace(", mask: name}", "}").replace("living_region", "living_regoin")
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(SiteError) as caught:
        load_pushes(tmp_path)
    said = "\n".join(caught.value.problems)
    assert '"name" is personal: give mask, or clear' in said
    assert 'Did you mean "living_region"?' in said


def test_a_file_is_in_the_chain_before_its_first_byte_leaves(context: Context, pushes: dict[str, Push]) -> None:
    push = pushes["gongan_renkou"].model_copy(update={"id": "cut_off"})
    put(context, [floating(1)])
    folder = Path(context.inbox, "push", "cut")
    folder.parent.mkdir(exist_ok=True)
    folder.write_text("a file where the folder should be")
    away = push.model_copy(update={"transport": push.transport.model_copy(update={"path": "push/cut/{name}"})})
    with pytest.raises(NotDeliveredError):
        push_out(context, away, date=DATE, codes=CODES, operator="tester")

    def told() -> list[str]:
        return [entry.action for entry in entries(context.ledger_url) if "cut_off" in entry.subject]

    assert told() == ["push.write"]
    folder.unlink()
    assert push_out(context, away, date=DATE, codes=CODES, operator="tester").sent == 1
    assert told() == ["push.write", "push.send"]


def test_who_has_no_region_stays_here_and_is_counted(context: Context, pushes: dict[str, Push]) -> None:
    push = pushes["gongan_renkou"].model_copy(update={"id": "nowhere"})
    put(context, [floating(1), floating(2, living_region=None), floating(3, living_region="")])
    done = push_out(context, push, date=DATE, codes=CODES, operator="tester")
    assert (done.files, done.rows, done.waiting) == (1, 1, 2)


def test_region_codes_leave_in_the_version_that_the_receiver_asks_for(
    context: Context, pushes: dict[str, Push], tmp_path: Path
) -> None:
    (tmp_path / "regions.yaml").write_text("receivers: [{name: 旧系统, codes: old.csv, table: 2015-12-31}]\n", encoding="utf-8")
    (tmp_path / "old.csv").write_text("code,name\n130428,肥乡县\n", encoding="utf-8")
    put(context, [floating(number, registered_region=code) for number, code in ((1, "130407"), (3, "110101"), (5, "999999"))])
    column = PushColumn.model_validate({"to": "户籍地区划", "from": "registered_region", "region": True})
    push = pushes["gongan_renkou"].model_copy(update={"id": "old_codes", "codes": "旧系统", "columns": (column,)})
    done = push_out(context, push, date=DATE, codes=ReceiverCodes(tmp_path), operator="tester")
    assert (done.rows, done.waiting) == (2, 1), "a code that no table has stays here"
    (path,) = (path for name, path in files(context, "gongan").items() if name.startswith("old_codes"))
    told = [row["户籍地区划"] for row in read(push.envelope, path.read_bytes()).rows]
    assert told == ["130428", "110101"], "肥乡 became a district, with another code, in September 2016"
    (entry,) = (one for one in entries(context.ledger_url, actions=["push.send"]) if "old_codes" in one.subject)
    assert entry.details["waiting"] == 1
