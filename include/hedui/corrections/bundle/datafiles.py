"""The data folder: the plan, the changes as CSV and INSERTs, and what loads them."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TextIO

from hedui.corrections.bundle.loading import Loading
from hedui.corrections.bundle.planfile import write_plan
from hedui.corrections.bundle.tables import csv_line, csv_text, insert_head, insert_text, record_end, stage_row
from hedui.corrections.model import BundlePlan, Column, Dialect
from hedui.corrections.sql.scripts import Scripts
from hedui.corrections.sql.shape import Shape
from hedui.engine import environment

DATA: Final = "04_data"
INSERTS: Final = f"{DATA}/load_insert.sql"


@dataclass
class _TableFile:
    """The files of one table while they are written; each column's digest runs along."""

    shape: Shape
    columns: tuple[Column, ...]
    csv: TextIO
    head: str
    sums: list[Any]
    nulls: list[int]


def write_data(folder: Path, plan: BundlePlan, scripts: Scripts) -> dict[str, Any]:
    """Writes the data folder in one pass over the changes; returns what the manifest says of it."""
    write_plan(folder, plan)
    dialect = plan.target.dialect
    end = record_end(plan.changes, dialect)
    texts = {item.shape.table.name: item for item in scripts.statements.texts()}
    with ExitStack() as stack:
        inserts = stack.enter_context((folder / INSERTS).open("w", encoding="utf-8", newline="\n"))
        inserts.write(scripts.load_head(Path(INSERTS).name))
        files: dict[str, _TableFile] = {}
        for name, item in texts.items():
            columns = item.shape.stage_columns()
            csv = stack.enter_context((folder / DATA / f"{item.work('S')}.csv").open("w", encoding="utf-8", newline=""))
            csv.write(csv_line([column.name.upper() for column in columns], [Column(name="")] * len(columns), end=end))
            head = insert_head(item.shape, speech=scripts.speech, stage=item.stage)
            sums = [hashlib.sha256() for _ in columns]
            files[name] = _TableFile(item.shape, columns, csv, head, sums, [0] * len(columns))
        for change in plan.changes:
            file = files[change.table]
            row = stage_row(file.shape, change, bundle=plan.id)
            file.csv.write(csv_line(row, file.columns, end=end))
            inserts.write(insert_text(row, speech=scripts.speech, head=file.head))
            for place, (value, column) in enumerate(zip(row, file.columns, strict=True)):
                file.sums[place].update(csv_text(value, column).encode() + b"\n")
                file.nulls[place] += value is None
        inserts.write(scripts.load_foot())
    (folder / DATA / "create_stage.sql").write_text(scripts.create_stage("create_stage.sql"), encoding="utf-8", newline="\n")
    if dialect is Dialect.POSTGRESQL:
        (folder / DATA / "load_copy.sql").write_text(scripts.load_copy("load_copy.sql"), encoding="utf-8", newline="\n")
    _write_dictionary(folder, files)
    _write_loaders(folder, plan, tuple(item.shape for item in texts.values()), end)
    tables = {file.shape.table.name: _checksums(file) for file in files.values()}
    return {"record_end": end.encode().hex(), "column_checksums": tables}


def _checksums(file: _TableFile) -> dict[str, Any]:
    return {
        column.name: {"nulls": nulls, "sha256": digest.hexdigest()}
        for column, nulls, digest in zip(file.columns, file.nulls, file.sums, strict=True)
    }


def _write_dictionary(folder: Path, files: dict[str, _TableFile]) -> None:
    """数据字典: what each column of the data files means; with a byte order mark, as Excel opens it."""
    lines = [("数据文件", "列", "含义", "类型", "长度", "小数位", "可为空")]
    meaning = {"K_": "主键：", "O_": "原值：", "N_": "新值："}
    for file in files.values():
        for column in file.columns:
            label = meaning.get(column.name[:2], "") + (column.label or column.name[2:])
            size = ("" if column.length is None else str(column.length), "" if column.scale is None else str(column.scale))
            lines.append(
                (Path(file.csv.name).name, column.name.upper(), label, column.kind, *size, "是" if column.nullable else "否")
            )
    blank = Column(name="")
    text = "".join(csv_line(line, [blank] * len(line), end="\n") for line in lines)
    (folder / DATA / "数据字典.csv").write_text(text, encoding="utf-8-sig", newline="\n")


def _write_loaders(folder: Path, plan: BundlePlan, shapes: tuple[Shape, ...], end: str) -> None:
    """Control files, external tables and Data Pump are Oracle's own; the others have CSV and INSERTs."""
    if plan.target.dialect is not Dialect.ORACLE:
        return
    for shape in shapes:
        loading = Loading(shape=shape, bundle=plan.id, end=end, dialect=plan.target.dialect)
        stage = loading.stage
        for name, text in (
            (f"{stage}.ctl", loading.control()),
            (f"external_{stage}.sql", loading.external()),
            (f"expdp_{stage}.par", loading.export_parameters()),
            (f"impdp_{stage}.par", loading.import_parameters()),
            (f"datapump_{stage}.sql", loading.datapump()),
        ):
            (folder / DATA / name).write_text(text.rstrip("\n") + "\n", encoding="utf-8", newline="\n")
    dba = environment().get_template("corrections/loading/dba.sql.jinja").render()
    (folder / DATA / "00_dba.sql").write_text(dba.rstrip("\n") + "\n", encoding="utf-8", newline="\n")
