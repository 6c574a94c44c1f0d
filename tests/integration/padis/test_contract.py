"""Every profile passes the same contract: other envelope, encoding, names and transport are YAML and no line of code."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hedui.padis import steps
from hedui.padis.batches import parcel, read
from hedui.padis.model import BatchState
from hedui.padis.packing import unpack
from hedui.padis.standing import counts, refused
from integration.padis.conftest import Bureau
from integration.padis.people import DATE, birth, births, registration

PROFILES = [pytest.param(name, id=name) for name in ("reference", "directory", "soap", "table", "sftp")]
BureauOf = Callable[..., Bureau]


@pytest.mark.parametrize("site", PROFILES)
def test_what_is_acknowledged_is_what_the_receiver_keeps(bureau_of: BureauOf, site: str) -> None:
    bureau = bureau_of(site)
    bureau.take("birth", births(60))
    bureau.take("registration", [registration(number) for number in range(20)])
    made = [*bureau.pack("birth"), *bureau.pack("registration")]
    assert len(made) == (8 if site == "sftp" else 2)  # four counties, a file each
    assert bureau.run()["parked"] == 0
    assert bureau.same_as_receiver() == 80
    assert {row["state"] for row in counts(bureau.office)} == {"ACCEPTED"}
    assert {read(bureau.office, batch).state for batch in made} == {BatchState.ACCEPTED}


@pytest.mark.parametrize("site", PROFILES)
def test_changes_and_withdrawals_follow_what_stands_there(bureau_of: BureauOf, site: str) -> None:
    bureau = bureau_of(site)
    bureau.take("birth", births(8))
    bureau.pack()
    bureau.run()
    taken = bureau.take("birth", [birth(1, mother_name="测试改"), birth(2, void_reason="重复签发"), *births(5, first=3)])
    assert (taken.changed, taken.withdrawn, taken.new) == (1, 1, 0)
    bureau.pack()
    bureau.run()
    assert bureau.same_as_receiver() == 8
    stands = {one.business_key: one.action for one in bureau.kept()}
    assert stands["V460000001"] == "change"
    assert stands["V460000002"] == "withdraw"
    assert sorted((row["state"], row["rows"]) for row in counts(bureau.office)) == [
        ("ACCEPTED", 8),
        ("SUPERSEDED", 1),
        ("WITHDRAWN", 1),
    ]


@pytest.mark.parametrize("site", PROFILES)
def test_refused_lines_come_back_with_their_reason_and_go_up_again(bureau_of: BureauOf, site: str) -> None:
    bureau = bureau_of(site, refuse=0.3)
    bureau.take("birth", births(40))
    bureau.pack()
    bureau.run()
    waiting = list(refused(bureau.office))
    told = {row["business_key"]: row["reason"] for row in bureau.store()["refusal"]}
    assert 0 < len(waiting) < 40
    assert {one.business_key for one in waiting} == set(told)
    assert {one.reasons for one in waiting} == {("对方回执：抽检不合格",)}
    bureau.same_as_receiver()
    again = [birth(int(one.business_key[1:]) - 460000000, mother_name="测试更正") for one in waiting]
    rounds = 0
    while again and rounds < 12:  # the receiver draws again for every version
        bureau.take("birth", [{**row, "birth_place": f"更正{rounds}"} for row in again])
        bureau.pack()
        bureau.run()
        left = {one.business_key for one in refused(bureau.office)}
        again = [row for row in again if row["certificate_no"] in left]
        rounds += 1
    assert bureau.same_as_receiver() == 40


@pytest.mark.parametrize("site", PROFILES)
def test_the_wire_carries_the_profiles_fields_and_nothing_else(bureau_of: BureauOf, site: str) -> None:
    bureau = bureau_of(site)
    bureau.take("birth", [birth(1, phone="13812345678", midwife_name="不应外传", father_name="不应外传")])
    (batch,) = bureau.pack()
    sent = parcel(bureau.office, batch)
    (record,) = unpack(bureau.office.profile, sent.content).rows
    named = [field.to for field in bureau.office.profile.records["birth"].fields]
    assert list(record) == named == list(sent.columns)
    if site not in ("reference", "directory"):  # they do not name these fields
        assert "不应外传" not in "".join(record.values())
    assert "13812345678" not in "".join(record.values())


@pytest.mark.parametrize("site", PROFILES)
def test_a_month_without_records_gets_a_zero_report(bureau_of: BureauOf, site: str) -> None:
    from hedui.padis.outgoing import pack_zero

    bureau = bureau_of(site)
    batch = pack_zero(bureau.office, "birth", period="202605", report=DATE)
    assert batch is not None
    assert pack_zero(bureau.office, "birth", period="202605", report=DATE) is None
    bureau.run()
    assert read(bureau.office, batch).state == BatchState.ACCEPTED
    assert steps.turn(bureau.office, date=DATE).counts["open"] == 0
