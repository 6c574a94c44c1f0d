"""What the office does beside sending: versions, order, people's decisions, hours, throttle, cases, and what PostgreSQL itself refuses."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from sqlalchemy import text

from hedui.audit import entries
from hedui.cases.record import record_findings
from hedui.context import Context
from hedui.errors import LedgerError
from hedui.ledger.database import begin
from hedui.padis import dispatch, inbound, intake, outgoing, ready, steps
from hedui.padis.batches import read
from hedui.padis.build import drafts
from hedui.padis.errors import PadisError
from hedui.padis.findings import write_findings
from hedui.padis.model import STORED, BatchState, RecordState, idempotency_key
from hedui.padis.office import open_office
from hedui.padis.people import close_month, enter, release, resubmit
from hedui.padis.receipts import LineVerdict
from hedui.padis.standing import counts, refused
from integration.padis.conftest import SITES, Bureau, Clock, Server, nothing
from integration.padis.people import DATE, birth, births

BureauOf = Callable[..., Bureau]


@pytest.fixture
def bureau(bureau_of: BureauOf) -> Bureau:
    """An office that drops its files in a folder."""
    return bureau_of("directory")


def records(bureau: Bureau) -> list[dict[str, Any]]:
    with begin(bureau.office.ledger) as connection:
        query = "SELECT * FROM hedui.padis_record_view ORDER BY business_key, version"
        return [dict(row) for row in connection.execute(text(query)).mappings()]


def line(number: int, status: Any, reason: str = "") -> LineVerdict:
    return LineVerdict(line=number, key="", business_key="", status=status, code="", reason=reason)


def test_the_same_delivery_changes_nothing_and_a_change_makes_a_version(bureau: Bureau) -> None:
    assert bureau.take("birth", births(5)).new == 5
    assert bureau.take("birth", births(5)) == replace(bureau.take("birth", births(5)), rows=5, new=0)
    taken = bureau.take("birth", [birth(0, weight_g=1), *births(4, first=1)])
    assert (taken.new, taken.changed) == (0, 1)
    assert [(row["version"], row["state"]) for row in records(bureau)][:2] == [(1, "SUPERSEDED"), (2, "READY")]
    key = idempotency_key(sender="460200000000", kind="birth", business_key="V460000000", version=2)
    assert records(bureau)[1]["key"] == key


def test_one_number_with_two_contents_is_not_taken(bureau: Bureau) -> None:
    taken = bureau.take("birth", [birth(1), birth(1, weight_g=1), birth(2), birth(2)])
    assert (taken.rows, taken.new, taken.conflicting) == (4, 1, 1)
    assert [row["business_key"] for row in records(bureau)] == ["V460000002"]


def test_what_was_never_reported_is_not_withdrawn(bureau: Bureau) -> None:
    assert bureau.take("birth", [birth(1, void_reason="作废")]).withdrawn == 0
    bureau.take("birth", births(1))
    bureau.take("birth", [birth(0, void_reason="作废")])
    assert bureau.pack() == ()
    assert [row["state"] for row in records(bureau)] == ["SUPERSEDED", "SUPERSEDED"]


def test_a_later_version_waits_until_the_earlier_one_is_settled(bureau: Bureau) -> None:
    bureau.take("birth", births(1))
    (first,) = bureau.pack()
    bureau.take("birth", [birth(0, weight_g=1)])
    assert bureau.pack() == ()
    dispatch.send(bureau.office, first)
    assert bureau.pack() == ()
    bureau.run()
    assert len(bureau.pack()) == 1
    bureau.run()
    assert [(row["version"], row["action"], row["state"]) for row in records(bureau)] == [
        (1, "new", "SUPERSEDED"),
        (2, "change", "ACCEPTED"),
    ]
    assert bureau.same_as_receiver() == 1


def test_after_a_refusal_the_corrected_version_is_new_again(bureau: Bureau) -> None:
    bureau.take("birth", births(1))
    (batch,) = bureau.pack()
    dispatch.send(bureau.office, batch)
    assert enter(bureau.office, batch, status="rejected", reason="母亲证件不符") == "applied"
    (waiting,) = refused(bureau.office)
    assert (waiting.by, waiting.reasons) == ("receiver", ("对方回执：母亲证件不符",))
    bureau.take("birth", [birth(0, mother_name="测试更正")])
    bureau.pack()
    assert [(row["version"], row["action"], row["state"]) for row in records(bureau)] == [
        (1, "new", "SUPERSEDED"),
        (2, "new", "PACKED"),
    ]


def test_what_is_not_in_order_stays_with_its_reason_and_becomes_a_case(bureau: Bureau) -> None:
    wrong = [birth(0, region="999999"), birth(1, birth_time=dt.datetime(2026, 7, 1)), birth(2, mother_name=None)]
    bureau.take("birth", [*wrong, birth(3)])
    (batch,) = bureau.pack()
    assert read(bureau.office, batch).rows == 1
    office = bureau.office
    assert write_findings(office, "birth", date=DATE) == 3
    (file,) = office.context.lake.files(office.context.findings("padis:birth", DATE))
    found = pq.ParquetFile(file).read().to_pylist()
    assert {row["subject_key"]: row["rule"] for row in found} == {"V460000000": "F12", "V460000001": "F08", "V460000002": "F03"}
    assert json.loads(found[0]["side_values"])["padis"]
    assert record_findings(office.context, DATE).counts["open_total"] == 3
    bureau.take("birth", births(3))
    bureau.pack()
    later = DATE + dt.timedelta(days=1)
    assert write_findings(office, "birth", date=later) == 0
    assert record_findings(office.context, later).counts["open_total"] == 0


def test_receipts_typed_in_by_a_person(bureau: Bureau) -> None:
    bureau.take("birth", births(3))
    (batch,) = bureau.pack()
    assert enter(bureau.office, batch, status="accepted") == "stray", "nothing was sent yet"
    dispatch.send(bureau.office, batch)
    assert enter(bureau.office, batch, status="partial", lines=[line(2, "rejected", "重号"), line(3, "pending")]) == "applied"
    assert read(bureau.office, batch).state == BatchState.SENT
    assert enter(bureau.office, batch, status="accepted") == "applied"
    assert read(bureau.office, batch).state == BatchState.PARTIAL
    assert [row["state"] for row in records(bureau)] == ["ACCEPTED", "REJECTED", "ACCEPTED"]
    assert enter(bureau.office, batch, status="partial", lines=[line(1, "rejected", "改口")]) == "conflict"
    assert enter(bureau.office, batch, status="partial", lines=[line(1, "accepted")]) == "duplicate"
    assert [row["state"] for row in records(bureau)] == ["ACCEPTED", "REJECTED", "ACCEPTED"], "the earlier receipt stands"
    assert [entry.action for entry in entries(bureau.office.ledger)] == ["padis.receipt"] * 5


def test_a_refused_record_goes_up_again_as_it_is(bureau: Bureau) -> None:
    bureau.take("birth", births(1))
    (batch,) = bureau.pack()
    dispatch.send(bureau.office, batch)
    enter(bureau.office, batch, status="rejected", reason="对方尚无该机构")
    (waiting,) = refused(bureau.office)
    with pytest.raises(PadisError, match="needs a reason"):
        resubmit(bureau.office, waiting.id, reason=" ")
    resubmit(bureau.office, waiting.id, reason="对方已登记机构")
    (again,) = bureau.pack()
    assert again != batch
    (row,) = records(bureau)
    assert (row["version"], row["state"], row["batch_id"]) == (1, "PACKED", again)


def test_a_file_that_the_receiver_cannot_read_is_packed_anew(bureau: Bureau) -> None:
    bureau.take("birth", births(2))
    (batch,) = bureau.pack()
    dispatch.send(bureau.office, batch)
    enter(bureau.office, batch, status="resend", reason="压缩包损坏")
    assert read(bureau.office, batch).state == BatchState.REJECTED
    (again,) = bureau.pack()
    assert {row["batch_id"] for row in records(bureau)} == {again}
    bureau.run()
    assert {row["state"] for row in records(bureau)} == {"ACCEPTED"}


def test_an_unreadable_receipt_is_kept_and_moves_nothing(bureau: Bureau) -> None:
    bureau.take("birth", births(1))
    (batch,) = bureau.pack()
    dispatch.send(bureau.office, batch)
    number = inbound.store(bureau.office, way="file", name="HZ_x.txt", content=b"\xff\xfe")
    assert inbound.settle(bureau.office, number) == "unreadable"
    assert read(bureau.office, batch).state == BatchState.SENT
    with begin(bureau.office.ledger) as connection:
        kept = connection.execute(text("SELECT content FROM hedui.padis_receipt WHERE id = :id"), {"id": number}).scalar_one()
    assert bytes(kept) == b"\xff\xfe"


def test_a_month_is_closed_when_nothing_is_open(bureau: Bureau) -> None:
    with pytest.raises(PadisError, match="no acknowledged zero report"):
        close_month(bureau.office, "birth", "202604")
    bureau.take("birth", births(2))
    with pytest.raises(PadisError, match="2 records and 0 files are open"):
        close_month(bureau.office, "birth", "202605")
    bureau.pack()
    bureau.run()
    assert close_month(bureau.office, "birth", "202605") == {"ACCEPTED": 2}
    outgoing.pack_zero(bureau.office, "birth", period="202604", report=DATE)
    bureau.run()
    assert close_month(bureau.office, "birth", "202604") == {}


def test_a_past_month_sends_only_what_was_not_acknowledged(bureau: Bureau) -> None:
    bureau.take("birth", births(3))
    bureau.pack()
    bureau.run()
    bureau.take("birth", births(5))
    (batch,) = outgoing_of(bureau, "202605")
    assert read(bureau.office, batch).rows == 2
    assert outgoing_of(bureau, "202605") == ()


def outgoing_of(bureau: Bureau, period: str) -> tuple[str, ...]:
    from hedui.padis import ready

    ready.validate(bureau.office, "birth", report=DATE)
    return outgoing.pack_records(bureau.office, "birth", period=period, report=DATE)


def test_hours_and_throttle_are_kept(bureau: Bureau) -> None:
    from hedui.site.padis_profile import Hours

    profile = bureau.office.profile.model_copy(
        update={"hours": Hours(begins=dt.time(8), ends=dt.time(18), workdays=True), "per_minute": 2, "rows": 1}
    )
    bureau.office = replace(bureau.office, profile=profile)
    bureau.take("birth", births(3))
    first, second, third = bureau.pack()
    bureau.clock.now = dt.datetime(2026, 6, 5, 10, 30, tzinfo=dt.UTC)  # Friday 18:30 in Shanghai
    late = dispatch.send(bureau.office, first)
    assert (late.done, late.reason) == (False, "不在对方受理时间")
    assert late.wait_until == dt.datetime(2026, 6, 8, 0, 0, tzinfo=dt.UTC)  # Monday 8:00
    bureau.clock.now = late.wait_until
    assert [dispatch.send(bureau.office, batch).done for batch in (first, second, third)] == [True, True, False]
    bureau.clock.advance(61)
    assert dispatch.send(bureau.office, third).done


def test_a_folder_that_somebody_empties_leaves_the_question_to_a_person(bureau: Bureau) -> None:
    transport = bureau.office.profile.transport.model_copy(update={"taken": True})
    bureau.office = replace(bureau.office, profile=bureau.office.profile.model_copy(update={"transport": transport}))
    bureau.take("birth", births(1))
    (batch,) = bureau.pack()
    with begin(bureau.office.ledger) as connection:  # a process died here, before or after the file appeared
        connection.execute(text("UPDATE hedui.padis_batch SET state = 'SENDING', tries = 1"))
    assert dispatch.ask(bureau.office, batch).state == BatchState.UNKNOWN
    bureau.clock.advance(61)
    assert dispatch.ask(bureau.office, batch).state == BatchState.PARKED
    release(bureau.office, batch, to="send", reason="对方确认没有收到")
    assert dispatch.send(bureau.office, batch).state == BatchState.SENT


def test_a_name_that_another_file_has_is_a_persons_matter_and_holds_up_nothing_else(bureau: Bureau) -> None:
    bureau.office = replace(bureau.office, profile=bureau.office.profile.model_copy(update={"rows": 1}))
    bureau.take("birth", births(3))
    first, second, third = bureau.pack()
    folder = Path(bureau.office.context.inbox, "padis", "out")
    folder.mkdir(parents=True)
    other = folder / read(bureau.office, second).name
    other.write_bytes(b"somebody else's")
    done = steps.turn(bureau.office, date=DATE).counts
    assert (done["send"], done["parked"], done["open"]) == (3, 1, 2)
    assert [str(read(bureau.office, batch).state) for batch in (first, second, third)] == ["SENT", "PARKED", "SENT"]
    assert other.read_bytes() == b"somebody else's"
    other.unlink()
    release(bureau.office, second, to="send", reason="同名文件已移走")
    bureau.run()
    assert bureau.same_as_receiver() == 3


def test_equal_receipts_whose_names_tell_the_batch_are_about_different_batches(bureau: Bureau) -> None:
    profile = bureau.office.profile
    form = profile.receipts.format.model_copy(update={"name": r"HZ_(?P<batch>[^_.]+)"})
    receipts = profile.receipts.model_copy(update={"format": form})
    bureau.office = replace(bureau.office, profile=profile.model_copy(update={"rows": 1, "receipts": receipts}))
    bureau.take("birth", births(2))
    batches = bureau.pack()
    for batch in batches:
        dispatch.send(bureau.office, batch)
    told = [
        inbound.settle(bureau.office, inbound.store(bureau.office, way="file", name=f"HZ_{name}", content=b"1\nJGDM,HH\n0,0\n"))
        for name in (f"{batches[0]}.txt", f"{batches[1]}.txt", f"{batches[1]}_2.txt", f"{batches[1]}.txt")
    ]
    assert told == ["applied", "applied", "duplicate", "duplicate"]
    assert {row["state"] for row in records(bureau)} == {"ACCEPTED"}


def test_what_a_receiver_quotes_of_a_record_is_masked(bureau: Bureau) -> None:
    row = birth(0, mother_name="欧阳测试甲", birth_place="东和省和对市测试路1号")
    bureau.take("birth", [row, birth(1)])
    (batch,) = bureau.pack()
    dispatch.send(bureau.office, batch)
    quoted = f"{row['certificate_no']} 母亲{row['mother_name']}（{row['mother_id_number']}）住{row['birth_place']}，重号"
    enter(bureau.office, batch, status="partial", lines=[line(1, "rejected", quoted)])
    (waiting,) = refused(bureau.office)
    (said,) = waiting.reasons
    assert said.endswith("，重号")
    assert not [value for value in ("V460000000", row["mother_name"], row["mother_id_number"], "测试路") if value in said]
    write_findings(bureau.office, "birth", date=DATE)
    (file,) = bureau.office.context.lake.files(bureau.office.context.findings("padis:birth", DATE))
    (found,) = pq.ParquetFile(file).read().to_pylist()
    assert (found["rule"], json.loads(found["side_values"])["padis"]) == ("F25", said)


def test_a_corrected_refusal_is_no_case_any_more(bureau: Bureau) -> None:
    bureau.take("birth", births(2))
    (batch,) = bureau.pack()
    dispatch.send(bureau.office, batch)
    enter(bureau.office, batch, status="partial", lines=[line(1, "rejected", "重号"), line(2, "rejected", "重号")])
    assert write_findings(bureau.office, "birth", date=DATE) == 2
    bureau.take("birth", [birth(0, mother_name="测试更正"), birth(1)])
    (again,) = bureau.pack()
    dispatch.send(bureau.office, again)
    enter(bureau.office, again, status="accepted")
    write_findings(bureau.office, "birth", date=DATE)
    (file,) = bureau.office.context.lake.files(bureau.office.context.findings("padis:birth", DATE))
    found = pq.ParquetFile(file).read().to_pylist()
    assert [(row["rule"], row["subject_key"]) for row in found] == [("F25", "V460000001")], "the other was sent up again"


def test_files_that_become_due_meanwhile_are_not_left_for_the_next_look(
    context: Context, servers: Callable[[str], Server], tmp_path: Path
) -> None:
    server = servers("reference")
    server.reset()
    text_ = (SITES / "reference" / "padis.yaml").read_text("utf-8")
    (tmp_path / "padis.yaml").write_text(f"{text_}rows: 5\nretry: {{pause_seconds: 0, query_after_seconds: 0}}\n", "utf-8")
    surroundings = replace(context, connection={"padis": server.url}.__getitem__)
    office = open_office(surroundings, tmp_path)
    intake.collect(office, "birth", drafts("birth", births(20)), date=DATE)
    ready.validate(office, "birth", report=DATE)
    assert len(outgoing.pack_records(office, "birth", report=DATE)) == 4
    server.plan(["lost", "cut", "", ""])
    done = steps.upload(surroundings, tmp_path, date=DATE).counts
    assert (done["open"], done["parked"], done["send"], done["ask"]) == (0, 0, 5, 2)
    assert Bureau(office, Clock(), nothing, server.kept, server.store, server.plan).same_as_receiver() == 20


def test_postgresql_refuses_steps_that_do_not_follow(bureau: Bureau) -> None:
    bureau.take("birth", births(1))
    stored = [str(state) for state in RecordState if str(state) in STORED]
    for before in stored:
        for after in stored:
            allowed = after in STORED[before] or after == before
            if allowed is not stepped(bureau, before, after):
                raise AssertionError(f"{before} → {after}")


def stepped(bureau: Bureau, before: str, after: str) -> bool:
    try:
        with begin(bureau.office.ledger) as connection:
            connection.execute(text("ALTER TABLE hedui.padis_record DISABLE TRIGGER padis_record_step"))
            connection.execute(text("UPDATE hedui.padis_record SET state = :state"), {"state": before})
            connection.execute(text("ALTER TABLE hedui.padis_record ENABLE TRIGGER padis_record_step"))
            connection.execute(text("UPDATE hedui.padis_record SET state = :state"), {"state": after})
    except LedgerError:
        return False
    return True


@pytest.mark.parametrize("statement", ["UPDATE hedui.padis_event SET event = 'x'", "DELETE FROM hedui.padis_event"])
def test_the_log_is_append_only(bureau: Bureau, statement: str) -> None:
    bureau.take("birth", births(1))
    bureau.pack()
    with pytest.raises(LedgerError), begin(bureau.office.ledger) as connection:
        connection.execute(text(statement))


def test_counts_follow_the_batches(bureau: Bureau) -> None:
    bureau.take("birth", births(2))
    (batch,) = bureau.pack()
    assert [(row["state"], row["rows"]) for row in counts(bureau.office)] == [("PACKED", 2)]
    dispatch.send(bureau.office, batch)
    assert [(row["state"], row["rows"]) for row in counts(bureau.office)] == [("SENT", 2)]
