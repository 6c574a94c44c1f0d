"""Faults of packets: each with what must be found about it on each date, and its near misses.

Agency 1 is the calm one; days are 0 to 2. A fault stands on later dates until it is put right or decided about.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Final

from hedui.demo.packets import AGENCIES, COUNTERPART, Feed, changed
from hedui.demo.planting import DATES
from hedui.demo.systems.linghuo import TYPE

SILENT: Final = {(2, AGENCIES[5]), (1, AGENCIES[4])}
"""Agencies that send no ordinary packet on a day: nothing at all (B13), a zero report."""

ALL, FROM_SECOND, LAST = (0, 1, 2), (1, 2), (2,)


def heads(feed: Feed) -> None:
    """B01: a head without a field; put right by a resend, which then counts for the first date."""
    lacking = feed.send(0, AGENCIES[0], head={"SCRQ": None})
    feed.expect("B01", lacking.number, ALL)
    anonymous = feed.send(1, AGENCIES[0], head={"SJBBH": None})
    feed.expect("B01", anonymous.name, FROM_SECOND)
    mended = feed.send(0, AGENCIES[1], head={"JGBS": " "})
    feed.count(mended.rows)
    feed.again(mended, 1)
    feed.expect("B01", mended.number, (0,))
    near = feed.send(0, AGENCIES[1], head={"DWMC": None, "SFCF": None})
    feed.count(near.rows)
    feed.expect("B01", near.number, ALL, near=True)


def counts(feed: Feed) -> None:
    """B02 and a zero report; R22 of a batch that was closed although it was refused."""
    wrong = feed.send(0, AGENCIES[2], head={"JLS": "5"})
    feed.expect("B02", wrong.number, ALL)
    feed.decide(1, wrong.number, "关闭", "误关")
    feed.expect("R22", wrong.number, FROM_SECOND)
    text = feed.send(1, AGENCIES[2], head={"JLS": "四"})
    feed.again(text, 2)
    feed.count(text.rows)
    feed.expect("B02", text.number, (1,))
    sound = feed.send(0, AGENCIES[2])
    feed.count(sound.rows)
    feed.decide(1, sound.number, "关闭", "对账无误")
    feed.expect("R22", sound.number, FROM_SECOND, near=True)
    zero = feed.send(1, AGENCIES[4], ())
    feed.expect("B13", f"{AGENCIES[4]}/{DATES[1].isoformat()}", FROM_SECOND, near=True)
    feed.expect("B02", zero.number, FROM_SECOND, near=True)
    feed.expect("B13", f"{AGENCIES[5]}/{DATES[2].isoformat()}", LAST)


def repeats(feed: Feed) -> None:
    """B03, and a packet that simply came twice."""
    first = feed.send(0, AGENCIES[3])
    feed.count(first.rows)
    feed.again(first, 1, changed(first.rows, person_paid_fen=1), SFCF="0")
    feed.expect("B03", first.number, FROM_SECOND)
    twice = feed.send(0, AGENCIES[3])
    feed.count(twice.rows)
    feed.again(twice, 0, changed(twice.rows, late_fee_fen=3), SFCF=None)
    feed.expect("B03", twice.number, (0, 1))
    feed.decide(2, twice.number, "确认", "以首次为准")
    for day in (0, 1):
        near = feed.send(day, AGENCIES[3])
        feed.count(near.rows)
        feed.again(near, day + 1, SFCF="0")
        feed.expect("B03", near.number, range(day, 3), near=True)


def resends(feed: Feed) -> None:
    """B04 and B14: what was sent again is other than before, or older."""
    old = feed.send(0, AGENCIES[3])
    fresh = feed.rows(0, AGENCIES[3], 1)
    new = (*changed(old.rows[:-1], person_paid_fen=old.rows[0]["person_paid_fen"] - 100), *fresh)
    feed.again(old, 1, new)
    feed.count(new)
    feed.expect("B04", old.number, (1,))
    feed.decide(2, old.number, "确认", "已核对差异")
    other = feed.send(2, AGENCIES[3])
    later = changed(other.rows, late_fee_fen=200)
    feed.again(other, 2, later)
    feed.count(later)
    feed.expect("B04", other.number, LAST)
    feed.expect("B14", other.number, LAST, near=True)
    same = feed.send(0, AGENCIES[3])
    feed.again(same, 1)
    feed.count(same.rows)
    feed.expect("B04", same.number, FROM_SECOND, near=True)
    kept = feed.send(0, AGENCIES[0], head={"SCRQ": f"{DATES[0]:%Y%m%d}203000"})
    feed.again(kept, 0, changed(kept.rows, person_paid_fen=7), SCRQ=f"{DATES[0]:%Y%m%d}193000")
    feed.count(kept.rows)
    feed.expect("B14", kept.number, ALL)


def totals(feed: Feed) -> None:
    """B05 of the total in the head."""
    rows = feed.rows(0, AGENCIES[5])
    total = sum(row["person_paid_fen"] for row in rows)
    wrong = feed.send(0, AGENCIES[5], rows, head={"ZJE": f"{(total + 1) / 100:.2f}"})
    feed.expect("B05", wrong.number, ALL)
    rows = feed.rows(0, AGENCIES[5], late_fee_fen=100)
    total = sum(row["person_paid_fen"] for row in rows)
    near = feed.send(0, AGENCIES[5], rows, head={"ZJE": f"{total / 100:.2f}"})
    feed.count(rows)
    feed.expect("B05", near.number, ALL, near=True)


def names(feed: Feed) -> None:
    """B06: the name says another type, or another day, than the head."""
    wrong = feed.send(1, AGENCIES[5], head={"SJBLX": "JFXX101"})
    feed.expect("B06", wrong.number, FROM_SECOND)
    day = feed.send(2, AGENCIES[0], head={"SCRQ": f"{DATES[1]:%Y%m%d}"})
    feed.expect("B06", day.number, LAST)
    near = feed.send(1, AGENCIES[5], head={"SCRQ": f"{DATES[1]:%Y-%m-%d} 18:00:00"})
    feed.count(near.rows)
    feed.expect("B06", near.number, FROM_SECOND, near=True)


def damages(feed: Feed) -> None:
    """B07 and B08: a packet is cut, is not in its encoding, or lacks a field everywhere; a rare character or a lone gap is no fault."""
    cut = feed.send(0, AGENCIES[1], damage="cut")
    feed.expect("B07", cut.number, ALL)
    garbled = feed.send(1, AGENCIES[1], damage="bytes")
    feed.expect("B07", garbled.number, (1,))
    feed.again(garbled, 2)
    feed.count(garbled.rows)
    lacking = feed.send(2, AGENCIES[1], damage="field")
    feed.expect("B08", lacking.number, LAST)
    rare = feed.send(0, AGENCIES[1], head={"DWMC": "𠮷祥税务分局"}, damage="rare")
    feed.count(rare.rows)
    feed.expect("B07", rare.number, ALL, near=True)
    partly = feed.send(2, AGENCIES[1], damage="gap")
    feed.count(partly.rows)
    feed.expect("B08", partly.number, LAST, near=True)


def gaps(feed: Feed) -> None:
    """B11: a file number is missing; one that was refused is there."""
    feed.count(feed.send(1, AGENCIES[2], skip=2).rows)
    feed.expect("B11", f"{TYPE}/{AGENCIES[2]}/{DATES[1]:%Y%m%d}", FROM_SECOND)
    feed.expect("B11", f"{TYPE}/{AGENCIES[2]}/{DATES[0]:%Y%m%d}", ALL, near=True)


def lateness(feed: Feed) -> None:
    """B12: the file was there a second after the cut-off; another one on the second."""
    late = feed.send(1, AGENCIES[3], arrives=1)
    feed.count(late.rows)
    feed.expect("B12", late.number, (1,), kind="ARRIVAL")
    near = feed.send(1, AGENCIES[3], arrives=0)
    feed.count(near.rows)
    feed.expect("B12", near.number, (1,), kind="ARRIVAL", near=True)


def strangers(feed: Feed) -> None:
    """B16: an agency that may not send, and a record of a region that is not the sender's."""
    stranger = feed.send(0, "88010101")
    feed.expect("B16", stranger.number, ALL)
    rows = feed.rows(2, AGENCIES[1])
    foreign = feed.send(2, AGENCIES[1], changed(rows, pool_region="880101"))
    feed.expect("B16", foreign.number, LAST)
    rows = changed(feed.rows(2, AGENCIES[1]), pool_region="990102")
    near = feed.send(2, AGENCIES[1], rows)
    feed.count(rows)
    feed.expect("B16", near.number, LAST, near=True)


def withdrawals(feed: Feed) -> None:
    """A batch that people cancel counts no more, and a refused one is no problem any more."""
    feed.decide(2, feed.send(1, AGENCIES[5]).number, "撤销", "重复生成")
    refused = feed.send(0, AGENCIES[5], head={"JLS": "9"})
    feed.expect("B02", refused.number, (0,))
    feed.decide(1, refused.number, "撤销", "作废")


def records(feed: Feed) -> None:
    """What the comparison must find: an amount, a value that cannot be read, rows recorded later or never."""
    pack = feed.send(0, AGENCIES[0])
    feed.taxes += pack.rows
    first, second, third, _ = pack.rows
    feed.recs += [{**first, "person_paid_fen": first["person_paid_fen"] + 10}, {**second, "delivered": DATES[1]}, third]
    unreadable = feed.send(1, AGENCIES[0], changed(feed.rows(1, AGENCIES[0]), bad="12.3元"))
    feed.taxes += unreadable.rows
    feed.recs += unreadable.rows[1:]


def passing_on(feed: Feed) -> None:
    """B15 and B17 in 社保's intermediate table: rows that wait too long, rows marked as handed over that never were."""
    eve = DATES[0] - dt.timedelta(days=1)

    def idle(arrived: dt.date, status: str) -> str:
        (row,) = feed.rows(0, AGENCIES[0], 1, own_date=arrived)
        feed.idle.append(row | {"arrived": arrived, "status": status, "handed": False})
        return str(row["detail_no"])

    for arrived, days in ((eve, FROM_SECOND), (DATES[0], LAST)):
        for _ in range(2):
            idle(arrived, "0")
        feed.expect("B15", f"payment/{arrived.isoformat()}", days, source=COUNTERPART)
        feed.expect("B17", idle(arrived, "1"), days, source=COUNTERPART)
    idle(DATES[1], "0")
    feed.expect("B15", f"payment/{DATES[1].isoformat()}", ALL, source=COUNTERPART, near=True)
    near = feed.send(1, AGENCIES[0])  # put there on the first day, handed over on the second
    feed.taxes += near.rows
    feed.recs += [row | {"arrived": DATES[0]} for row in near.rows]
    feed.expect("B17", near.rows[0]["detail_no"], ALL, source=COUNTERPART, near=True)


def answers(feed: Feed) -> None:
    """B09 and B10: what was sent the other way, and the receipts that came back."""
    for number, (day, replies, rule, days) in enumerate(
        (
            (0, (), "B09", LAST),
            (0, ((1, "0"),), "", ()),
            (1, (), "", ()),
            (0, ((0, "1"),), "B10", LAST),
            (0, ((0, "1"), (1, "0")), "", ()),
            (0, ((1, "1"),), "", ()),
            (0, ((0, "row"),), "B10", LAST),
            (0, ((0, "field"), (0, "0")), "B10", LAST),
        ),
        start=1,
    ):
        key = f"990100{DATES[day]:%Y%m%d}{number:04d}"
        feed.sent.append((day, key))
        feed.replies += [(reply_day, key, result) for reply_day, result in replies]
        for name in ("B09", "B10"):
            if name == rule:
                feed.expect(name, key, days)
            else:
                feed.expect(name, key, LAST, near=True)


PLANTS: Final[tuple[Callable[[Feed], None], ...]] = (
    heads, counts, repeats, resends, totals, names, damages, gaps, lateness, strangers, withdrawals, records,
    passing_on, answers,
)  # fmt: skip
