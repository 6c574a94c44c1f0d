"""Writing what the packet senders deliver: XML packets in GBK, lists of decisions, batches sent on with their receipts."""

from __future__ import annotations

import csv
import io
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from hedui.demo.packets import Feed, Pack, cut_off
from hedui.demo.planting import DATES
from hedui.demo.systems.linghuo import RECORDED, record, staged
from hedui.demo.writers import csv_text, load_table

FOLDERS: Final = ("linghuo", "linghuo_sent", "outbox")
"""Folders below the inbox that are made here or by receipts."""


def package(head: Mapping[str, str], records: Iterable[Mapping[str, str | None]], *, encoding: str = "GBK") -> bytes:
    """A packet: head and records in the usual envelope."""
    lines = [f'<?xml version="1.0" encoding="{encoding}"?>', "<Package>", f"<PackageHead>{_elements(head)}</PackageHead>", "<Data>"]
    lines += [f'<Record index="{number}">{_elements(values)}</Record>' for number, values in enumerate(records, start=1)]
    return "\n".join([*lines, "</Data>", "</Package>", ""]).encode(encoding)


def _elements(values: Mapping[str, str | None]) -> str:
    return "".join(f"<{name}>{escape(value)}</{name}>" for name, value in values.items() if value is not None)


def content(pack: Pack) -> bytes:
    """The bytes of a packet with its damage."""
    records = [record(row) for row in pack.rows]
    if pack.damage == "field":
        records = [{name: value for name, value in values.items() if name != "AAZ083"} for values in records]
    if pack.damage == "gap":
        records[0] = {name: value for name, value in records[0].items() if name != "AAE056"}
    text = package(pack.fields, records, encoding="GB18030" if pack.damage == "rare" else "GBK")
    if pack.damage == "cut":
        return text[: len(text) * 2 // 3]
    if pack.damage == "bytes":
        place = text.rindex(b"<AAC001>") + len(b"<AAC001>")
        return text[:place] + b"\xff\xff" + text[place:]
    return text


def write_packets(out: Path, feed: Feed) -> int:
    """Writes everything below ``out``; the times of files are those at which they arrived.

    Returns:
        Records sent.
    """
    for pack in feed.packs:
        path = out / "linghuo" / f"{DATES[pack.day]:%Y%m%d}" / pack.name
        _write(path, content(pack))
        arrived = cut_off(pack.day).timestamp() + pack.arrives
        os.utime(path, (arrived, arrived))
    decisions = defaultdict(list)
    for day, *line in feed.decisions:
        decisions[day].append([*line, "业务主管"])
    for day, lines in decisions.items():
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\n").writerows([("数据包编号", "处理", "理由", "批准人"), *lines])
        _write(out / "linghuo" / f"{DATES[day]:%Y%m%d}" / "批次处理.csv", buffer.getvalue().encode("utf-8-sig"))
    _write_exchange(out, feed)
    return sum(len(pack.rows) for pack in feed.packs)


def _write_exchange(out: Path, feed: Feed) -> None:
    for day, key in feed.sent:
        head = {"SJBBH": key, "SJBLX": "CBXX102", "SFCF": "0", "JGBS": "990100", "JLS": "0", "SCRQ": f"{DATES[day]:%Y%m%d}"}
        _write(out / "linghuo_sent" / f"{DATES[day]:%Y%m%d}" / f"SBF_CBXX102_{key}.xml", package(head, []))
    for number, (day, key, result) in enumerate(feed.replies, start=1):
        _write(out / "linghuo_sent" / f"{DATES[day]:%Y%m%d}" / f"HZ_{number:04d}.xml", _receipt(key, result))


def _receipt(key: str, result: str) -> bytes:
    """A receipt: of the packet (result 0 or 1), of a field or of a business row."""
    if result == "field":
        values = {"SJBLX": "CBXX102", "SJBBH": key, "RECORD_INDEX": "1", "SJX": "AAC006", "SJXNR": "", "RKHJYSBYY": "出生日期为空"}
        return package({"SJBBH": f"H{key}", "SJBLX": "JYFK101"}, [values])
    if result == "row":
        values = {"SJBBH": key, "XH": "1", "YWXH": "1", "CLZT": "2", "SBYY_DM": "21", "SBYY": "单位未登记"}
        return package({"SJBBH": f"H{key}", "SJBLX": "YWJY101"}, [values])
    reason = "" if result == "0" else "格式错误"
    head = {"SJBLX": "SSHZ001", "RECODE_ZT": result, "REMSG_ZT": reason}
    return package(head, [{"SJBBH": key, "RECODE": result, "REMSG": reason}])


def load_recorded(url: str, scratch: Path, feed: Feed) -> int:
    """Fills 社保's intermediate table.

    Returns:
        Rows in it.
    """
    rows: Sequence[tuple[str | None, ...]] = [staged(row) for row in (*feed.recs, *feed.idle)]
    piece = scratch / "ac44_lh.csv"
    piece.write_text(csv_text(rows), encoding="utf-8")
    count = load_table(url, RECORDED, validity=False, parts=(piece,))
    piece.unlink()
    return count


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
