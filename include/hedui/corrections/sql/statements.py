"""The statements of each step. Their order within a step is the order to run them in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from hedui.corrections.model import Dialect, Operation, Value
from hedui.corrections.sql.dialects import Speech, speech
from hedui.corrections.sql.shape import BATCH, GROUP, Group, Shape
from hedui.corrections.sql.statement import Count, Definition, Load, Lock, Statement, Step, Write
from hedui.corrections.sql.texts import CHANGING, TOUCHING, TableTexts

APPLYING = (Operation.DELETE, Operation.UPDATE, Operation.INSERT)
"""Rows go before others come, so that a unique value that moves from one row to another is free."""

Rows = Callable[[Shape], Iterator[tuple[Value, ...]]]
Csv = Callable[[], Iterator[bytes]]


def _no_rows(shape: Shape) -> Iterator[tuple[Value, ...]]:
    return iter(())


def _no_csv(shape: Shape) -> Csv | None:
    return None


@dataclass(frozen=True, kw_only=True)
class StatementSet:
    """All statements of a bundle in one dialect.

    Attributes:
        bundle: The bundle's id.
        shapes: What it does to which tables.
        dialect: The dialect.
        unicode: Whether some text needs a database that holds all of Unicode.
        copies: Quoted names of copies by table: the same statements upon copies, for the rehearsal.
        rows: Gives the stage table's rows.
        csv: Gives what reads them as a CSV file; none where there is no such file that PostgreSQL reads.
    """

    bundle: str
    shapes: tuple[Shape, ...]
    dialect: Dialect
    unicode: bool = False
    copies: Mapping[str, str] = field(default_factory=dict)
    rows: Rows = _no_rows
    csv: Callable[[Shape], Csv | None] = _no_csv

    @property
    def speech(self) -> Speech:
        """The dialect's spelling."""
        return speech(self.dialect)

    def texts(self) -> tuple[TableTexts, ...]:
        """The texts of each table."""
        return tuple(TableTexts(s, self.speech, self.bundle, self.copies.get(s.table.name, "")) for s in self.shapes)

    def step(self, step: Step) -> tuple[Statement, ...]:
        """The statements of a step."""
        makers: dict[Step, Callable[[TableTexts], Iterator[Statement]]] = {
            Step.PREPARE: self._prepare,
            Step.STAGE: self._stage,
            Step.PRECHECK: self._precheck,
            Step.BACKUP: self._backup,
            Step.APPLY: self._apply,
            Step.POSTCHECK: self._postcheck,
            Step.ROLLBACK: self._rollback,
            Step.CLEAN: self._clean,
        }
        found = [statement for texts in self.texts() for statement in makers[step](texts)]
        if step is Step.PRECHECK and self.unicode and self.speech.family == "oracle" and self.texts():
            text = self.texts()[0].text("~charset")
            found.insert(0, Count(sql=text, label="数据库字符集能存放本方案的全部文字", expect=1))
        return tuple(found)

    def _prepare(self, texts: TableTexts) -> Iterator[Statement]:
        yield from self.stage_definitions(texts)
        yield self.backup_definition(texts)

    def stage_definitions(self, texts: TableTexts) -> Iterator[Definition]:
        """Makes the stage table."""
        name, shape = self.speech.name, texts.shape
        sources = {shape.stage_column("K_", column): column for column in shape.table.key}
        sources |= {shape.stage_column(prefix, column): column for column in shape.written for prefix in ("O_", "N_")}
        columns = [
            {
                "name": self.speech.staged(column.name),
                "type": self.speech.type(column, key=column.name.startswith("K_")),
                "required": not column.nullable,
                "of": name(sources[column.name]) if column.name in sources else "",
            }
            for column in shape.stage_columns()
        ]
        key = [self.speech.staged(shape.stage_column("K_", column)) for column in shape.table.key] + [name(GROUP)]
        label = f"{texts.label}：建立暂存表"
        yield Definition(sql=texts.text("~stage", columns=columns, key=key), label=label, work=texts.work("S"))
        if self.speech.family == "postgresql":
            index = name(f"{texts.work('S')}_key")
            label = f"{texts.label}：建立暂存表索引"
            yield Definition(sql=texts.text("~stage_key", index=index, key=key), label=label, work=texts.work("S"))

    def backup_definition(self, texts: TableTexts) -> Definition:
        """Makes the backup table."""
        return Definition(sql=texts.text("~backup_table"), label=f"{texts.label}：建立备份表", work=texts.work("B"))

    def _stage(self, texts: TableTexts) -> Iterator[Statement]:
        yield Write(sql=f"DELETE FROM {texts.stage}", label=f"{texts.label}：清空暂存表", expect=None)
        yield self.load(texts)
        if self.speech.family == "postgresql":
            yield Write(sql=f"ANALYZE {texts.stage}", label=f"{texts.label}：统计暂存表", expect=None)

    def load(self, texts: TableTexts) -> Load:
        """Fills the stage table."""
        columns = texts.shape.stage_columns()
        names = tuple(self.speech.staged(column.name) for column in columns)
        if self.speech.family == "postgresql":
            text = f"COPY {texts.stage} ({', '.join(names)}) FROM STDIN"
        else:
            places = ", ".join(f":{number}" for number in range(1, len(names) + 1))
            text = f"INSERT INTO {texts.stage} ({', '.join(names)}) VALUES ({places})"
        return Load(
            sql=text,
            label=f"{texts.label}：装入修改数据",
            table=texts.stage,
            columns=names,
            kinds=tuple(column.kind for column in columns),
            rows=lambda: self.rows(texts.shape),
            expect=texts.shape.rows,
            csv=self.csv(texts.shape),
        )

    def _precheck(self, texts: TableTexts) -> Iterator[Statement]:
        shape = texts.shape
        if shape.of(*TOUCHING):
            yield Lock(sql=texts.lock(*TOUCHING), label=f"{texts.label}：锁定待修改的行", expect=shape.touched)
        yield from self.checks_before(texts)

    def checks_before(self, texts: TableTexts) -> Iterator[Count]:
        """What must hold before anything is changed."""
        shape = texts.shape
        yield self.staged(texts)
        if shape.of(Operation.DELETE):
            label = f"{texts.label}：表的列数（删除整行须备份全部列）"
            yield Count(sql=texts.catalogue(), label=label, expect=len(shape.table.columns))
        for group in shape.groups:
            if group.operation is Operation.INSERT:
                yield Count(sql=texts.count(group), label=f"{texts.told(group)}，主键已存在的行", expect=0)
                continue
            yield Count(sql=texts.count(group), label=f"{texts.told(group)}，按主键找到的行", expect=group.rows)
            unchanged = texts.count(group, texts.same(group.columns, "O_"))
            yield Count(sql=unchanged, label=f"{texts.told(group)}，现值与原值一致的行", expect=group.rows)

    def staged(self, texts: TableTexts) -> Count:
        """Counts the loaded rows."""
        text = texts.text("count_stage", batch_column=self.speech.staged(BATCH))
        return Count(sql=text, label=f"{texts.label}：暂存表中本批次的行数", expect=texts.shape.rows)

    def _backup(self, texts: TableTexts) -> Iterator[Statement]:
        yield Write(sql=f"DELETE FROM {texts.backup}", label=f"{texts.label}：清空备份表", expect=None)
        groups = [group.number for group in texts.shape.of(*TOUCHING)]
        if groups:
            text = texts.text("backup", groups=groups)
            yield Write(sql=text, label=f"{texts.label}：备份待修改的行", expect=texts.shape.touched)

    def _apply(self, texts: TableTexts) -> Iterator[Statement]:
        for operation in APPLYING:
            for group in texts.shape.of(operation):
                yield Write(sql=_apply_text(texts, group), label=texts.told(group), expect=group.rows)

    def _postcheck(self, texts: TableTexts) -> Iterator[Statement]:
        shape = texts.shape
        for group in shape.groups:
            yield self._holds(texts, group)
        updated = shape.touched - shape.count(Operation.DELETE)
        written = {*shape.written, shape.table.batch_column}
        others = [column.name for column in shape.table.columns if column.name not in written]
        if updated:
            label = f"{texts.label}：其他列与修改前一致的行"
            yield Count(sql=texts.count_backup(others), label=label, expect=updated)

    def _holds(self, texts: TableTexts, group: Group) -> Count:
        if group.operation is Operation.DELETE:
            return Count(sql=texts.count(group), label=f"{texts.told(group)}，仍存在的行", expect=0)
        return Count(sql=texts.count(group, texts.holds(group)), label=f"{texts.told(group)}，已为新值的行", expect=group.rows)

    def _rollback(self, texts: TableTexts) -> Iterator[Statement]:
        shape = texts.shape
        if shape.of(*CHANGING):
            changed = shape.touched - shape.count(Operation.DELETE) + shape.count(Operation.INSERT)
            yield Lock(sql=texts.lock(*CHANGING), label=f"{texts.label}：锁定待回退的行", expect=changed)
        for group in shape.groups:
            yield self._holds(texts, group)
        for operation in reversed(APPLYING):
            for group in shape.of(operation):
                yield Write(sql=_undo_text(texts, group), label=f"回退 {texts.told(group)}", expect=group.rows)
        if shape.touched:
            names = [column.name for column in shape.table.columns]
            label = f"{texts.label}：与备份完全一致的行"
            yield Count(sql=texts.count_backup(names), label=label, expect=shape.touched)
        for group in shape.of(Operation.INSERT):
            yield Count(sql=texts.count(group), label=f"{texts.told(group)}，回退后仍存在的行", expect=0)

    def _clean(self, texts: TableTexts) -> Iterator[Statement]:
        yield self.removal(texts, "S", "删除暂存表")

    def removal(self, texts: TableTexts, kind: str, label: str) -> Definition:
        """Drops a work table."""
        table = texts.stage if kind == "S" else texts.backup
        text = f"DROP TABLE IF EXISTS {table}" if self.speech.family == "postgresql" else f"DROP TABLE {table} PURGE"
        return Definition(sql=text, label=f"{texts.label}：{label}", work=texts.work(kind))


def _apply_text(texts: TableTexts, group: Group) -> str:
    if group.operation is Operation.UPDATE:
        return texts.update(group)
    return texts.insert(group) if group.operation is Operation.INSERT else texts.delete(group, "O_")


def _undo_text(texts: TableTexts, group: Group) -> str:
    if group.operation is Operation.UPDATE:
        return texts.undo(group)
    return texts.delete(group, "N_") if group.operation is Operation.INSERT else texts.restore(group)
