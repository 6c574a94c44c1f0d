"""``manifest.json``: what the bundle is, what it changes, and the digest of every other file. Its own digest names the bundle."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from hedui.corrections.model import DECISION_LABELS, OPERATION_LABELS, BundlePlan, Change, Operation, Table
from hedui.corrections.sql.shape import Group, Shape

FORMAT: Final = "hedui-bundle/1"
NAME: Final = "manifest.json"
NO_DUMP: Final = "未生成 DMP：.dmp 只能由 Oracle 服务器写出，本方案附 CSV、INSERT 脚本及由 Oracle 自行导出的参数文件和脚本"
SIGNATURES: Final = "封存之后形成，不在封存文件内：审批意见见 08_decisions，下发签名见派发封面，均针对本文件的 SHA-256"
TIERS: Final[dict[str, str]] = {"local": "本地", "city": "市级", "province": "省级", "nation": "国家级"}


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that was done for a bundle before it was frozen.

    Attributes:
        at: When.
        who: User name or role.
        what: What, in Chinese.
        detail: More about it, in Chinese; without personal data.
    """

    at: dt.datetime
    who: str
    what: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Money:
    """Sums of changed money in fen: before, after, and absolute differences."""

    before_fen: int = 0
    after_fen: int = 0
    moved_fen: int = 0


@dataclass(frozen=True, kw_only=True)
class File:
    """A frozen file: its path below the bundle's folder, its bytes and its digests by algorithm."""

    path: str
    bytes: int
    digests: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What ``manifest.json`` says.

    Attributes:
        id: The bundle's id.
        parent: The bundle of the round before.
        round: 1, 2, …
        dialect: The SQL's dialect.
        rows: Changed rows.
        cases: Number of cases.
        people: Number of people.
        money: Of all tables.
        shapes: What is done to which tables.
        unicode: Whether some text needs a database that holds all of Unicode.
        files: Every other file.
        document: The whole document, as read.
    """

    id: str
    parent: str | None
    round: int
    dialect: str
    rows: int
    cases: int
    people: int
    money: Money
    shapes: tuple[Shape, ...]
    unicode: bool
    files: tuple[File, ...]
    document: dict[str, Any] = field(repr=False)


def money_of(changes: Iterable[Change]) -> Money:
    """The sums of changed money."""
    before = after = moved = 0
    for change in changes:
        for cell in change.cells:
            if cell.amount_fen is not None:
                old, new = (value or 0 for value in cell.amount_fen)
                before, after, moved = before + old, after + new, moved + abs(new - old)
    return Money(before_fen=before, after_fen=after, moved_fen=moved)


def added(parts: Sequence[Money]) -> Money:
    """The sums of sums."""
    return Money(
        before_fen=sum(part.before_fen for part in parts),
        after_fen=sum(part.after_fen for part in parts),
        moved_fen=sum(part.moved_fen for part in parts),
    )


def document_of(
    plan: BundlePlan, *, shapes: tuple[Shape, ...], data: dict[str, Any], history: Sequence[Event], files: Sequence[File]
) -> dict[str, Any]:
    """The document of a plan; ``data`` says of the data files what else is needed to read them."""
    money = {shape.table.name: money_of(change for change in plan.changes if change.table == shape.table.name) for shape in shapes}
    target = plan.target
    return {
        "format": FORMAT,
        "id": plan.id,
        "parent": plan.parent,
        "round": plan.round,
        "business_date": plan.business_date.isoformat(),
        "target": {
            **{"id": target.id, "name": target.name, "tier": target.tier, "tier_label": TIERS[target.tier]},
            **{"region": target.region, "dialect": str(target.dialect), "mode": target.mode, "source": target.source},
        },
        "decision": {"code": str(plan.decision), "label": DECISION_LABELS[plan.decision]},
        "key_field": plan.key_field,
        "rules": list(plan.rules),
        "cases": {"count": len(plan.cases), "file": "04_data/cases.txt"},
        "people": plan.people,
        "rows": len(plan.changes),
        **asdict(added(list(money.values()))),
        "tables": [_table(shape, plan, money[shape.table.name]) for shape in shapes],
        "data": {**data, "dmp": NO_DUMP},
        "proposer": plan.proposer,
        "history": [{**asdict(event), "at": event.at.isoformat()} for event in history],
        "signatures": SIGNATURES,
        "files": [{"path": file.path, "bytes": file.bytes, **file.digests} for file in files],
    }


def _table(shape: Shape, plan: BundlePlan, money: Money) -> dict[str, Any]:
    return {
        **{"number": shape.number, "name": shape.table.name, "label": shape.table.label, "rows": shape.rows},
        "touched": shape.touched,
        "stage": shape.work_name("S", plan.id),
        "backup": shape.work_name("B", plan.id),
        **asdict(money),
        "groups": [
            {
                **{"number": group.number, "operation": str(group.operation), "label": OPERATION_LABELS[group.operation]},
                **{"columns": list(group.columns), "rows": group.rows},
            }
            for group in shape.groups
        ],
    }


def write(folder: Path, document: dict[str, Any]) -> None:
    """Writes the manifest into a folder."""
    text = json.dumps(document, ensure_ascii=False, indent=1)
    (folder / NAME).write_text(text + "\n", encoding="utf-8", newline="\n")


def read(content: bytes, *, tables: Sequence[Table]) -> Manifest:
    """The manifest of its bytes; ``tables`` are the plan's."""
    document = json.loads(content)
    found = {table.name: table for table in tables}
    return Manifest(
        id=document["id"],
        parent=document["parent"],
        round=document["round"],
        dialect=document["target"]["dialect"],
        rows=document["rows"],
        cases=document["cases"]["count"],
        people=document["people"],
        money=Money(**{name: document[name] for name in ("before_fen", "after_fen", "moved_fen")}),
        shapes=tuple(_shape(entry, found[entry["name"]]) for entry in document["tables"]),
        unicode=document["data"]["unicode"],
        files=files_of(document),
        document=document,
    )


def files_of(document: dict[str, Any]) -> tuple[File, ...]:
    """The files that a manifest lists."""
    return tuple(
        File(
            path=entry["path"],
            bytes=entry["bytes"],
            digests={name: value for name, value in entry.items() if name not in ("path", "bytes")},
        )
        for entry in document["files"]
    )


def _shape(entry: dict[str, Any], table: Table) -> Shape:
    groups = tuple(
        Group(number=g["number"], operation=Operation(g["operation"]), columns=tuple(g["columns"]), rows=g["rows"])
        for g in entry["groups"]
    )
    return Shape(number=entry["number"], table=table, groups=groups, touched=entry["touched"])
