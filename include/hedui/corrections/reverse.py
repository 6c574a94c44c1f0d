"""A source's mapping turned round: a canonical value as the source's own column holds it.

What the mapping read from a column (code tables, date formats, yuan) is undone. Where that has no one answer, :class:`Irreversible` says
why, in Chinese, and the case goes to a person.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property

from hedui.canonical.plan import code_entries
from hedui.canonical.schemas import Dataset, Field
from hedui.canonical.schemas import dataset as canonical_dataset
from hedui.corrections.model import Column, ColumnKind, Table, Value
from hedui.site import Site
from hedui.site.corrections import Dialect, Target, TargetColumn, TargetTable
from hedui.site.models import Column as Mapping
from hedui.site.models import SourceDataset

MONEY_DIGITS, MONEY_SCALE = 16, 2


class Irreversible(Exception):
    """A canonical value has no one form in the target; the message says why, in Chinese, without personal data."""


@dataclass(frozen=True, kw_only=True)
class Reverse:
    """One dataset of a target, seen from the canonical side.

    Attributes:
        site: The site, for its code tables.
        target: The system.
        table: Which of its tables.
        date: Business date: codes mean something on a date.
    """

    site: Site
    target: Target
    table: TargetTable
    date: dt.date

    @cached_property
    def dataset(self) -> Dataset:
        """The canonical dataset."""
        return canonical_dataset(self.table.dataset)

    @cached_property
    def mapped(self) -> SourceDataset:
        """How the source fills it."""
        return self.site.source(self.target.source).datasets[self.table.dataset]

    @property
    def name(self) -> str:
        """The table's name in the target."""
        return self.table.table or self.mapped.table

    @cached_property
    def _codes(self) -> dict[tuple[str, str], dict[str, list[str]]]:
        """The target's codes by code table and insurance, then by canonical code."""
        found: dict[tuple[str, str], dict[str, list[str]]] = {}
        for entry in code_entries(codes=self.site.codes, source=self.target.source, date=self.date):
            found.setdefault((entry.table_name, entry.insurance), {}).setdefault(entry.canonical, []).append(entry.code)
        return found

    @cached_property
    def _own_codes(self) -> dict[str, set[str]]:
        """Codes that the code tables give the source by name: where there are any, the common ones are not its language."""
        return {
            name: {row.code for row in rows if row.source == self.target.source and row.valid_from <= self.date <= row.valid_to}
            for name, rows in self.site.codes.items()
        }

    def column_of(self, field: str) -> str:
        """The column that holds a canonical field.

        Raises:
            Irreversible: None does, or it is not to be corrected from outside.
        """
        label = self.dataset.fields[field].label
        if field in self.table.closed_fields:
            raise Irreversible(f"字段“{label}”不允许由本系统修正")
        mapping = self.mapped.columns.get(field)
        if mapping is None or mapping.column is None:
            raise Irreversible(f"被修改系统没有对应“{label}”的字段")
        return mapping.column

    def field_of(self, column: str) -> Field | None:
        """The first canonical field that is read from a column."""
        for name, mapping in self.mapped.columns.items():
            if mapping.column == column:
                return self.dataset.fields[name]
        return None

    @cached_property
    def _columns(self) -> dict[str, Column]:
        """The columns that were asked for."""
        return {}

    def column(self, name: str) -> Column:
        """A column of the target: as corrections.yaml says, else as its canonical field suggests."""
        if name not in self._columns:
            self._columns[name] = self._column(name)
        return self._columns[name]

    def _column(self, name: str) -> Column:
        field = self.field_of(name)
        said = self.table.columns.get(name, TargetColumn())
        kind, length, scale = self._suggested(name, field)
        if said.model_fields_set - {"required", "label", "length", "fixed"}:
            kind, length, scale = said.kind, said.length, said.scale
        elif said.length is not None:
            length = said.length
        label = said.label or (field.label if field is not None else "")
        label = label or ("有效期起" if name == self.mapped.as_of.valid_from else "")
        codes = self._meanings(self.mapped.columns[field.name].codes) if field is not None else ()
        return Column(
            name=name, kind=kind, length=length, scale=scale, nullable=not said.required, label=label, fixed=said.fixed, codes=codes
        )

    def _meanings(self, table: str | None) -> tuple[tuple[str, str], ...]:
        """The target's codes with their labels, by the site's code table; those that mean several things are left out."""
        if table is None:
            return ()
        rows = [row for row in self.site.codes[table] if row.valid_from <= self.date <= row.valid_to]
        common = {row.canonical: row.label for row in rows if not row.source and row.label}
        own = self._own_codes.get(table, set())
        found: dict[str, set[str]] = {}
        for row in rows:
            mine = row.source == self.target.source or (not row.source and row.code not in own)
            label = row.label or common.get(row.canonical, "")
            if mine and label:
                found.setdefault(row.code, set()).add(label)
        return tuple((code, labels.pop()) for code, labels in sorted(found.items()) if len(labels) == 1)

    def _suggested(self, name: str, field: Field | None) -> tuple[ColumnKind, int | None, int | None]:
        value = self.table.live.get(name, self.table.writes.get(name))
        if name == self.mapped.as_of.valid_from:
            value = self.table.live.get(self.mapped.as_of.valid_to or "")
        if value is not None:
            return ("date" if isinstance(value, dt.date) else "integer" if isinstance(value, int) else "text"), None, None
        if field is None:
            return "text", None, None
        if field.type == "fen":
            in_fen = self.mapped.columns[field.name].unit == "fen"
            return ("integer", None, None) if in_fen else ("decimal", MONEY_DIGITS, MONEY_SCALE)
        return ("integer" if field.type == "int" else "text"), None, None

    def to_column(self, field: str, value: str, *, insurance: str | None = None) -> Value:
        """A canonical value (as text: ISO dates, fen, codes) as the field's column holds it.

        Raises:
            Irreversible: The code has no code in the target or several, the text is too long, the number does not fit.
        """
        self.column_of(field)
        return self.written(field, value, insurance=insurance)

    def written(self, field: str, value: str, *, insurance: str | None = None) -> Value:
        """As :meth:`to_column`, of a mapped field that may be closed to corrections: for whole rows."""
        mapping = self.mapped.columns[field]
        assert mapping.column is not None
        column = self.column(mapping.column)
        return self._fitting(column, self._written(self.dataset.fields[field], mapping, column, value, insurance))

    def new_row_values(self) -> dict[str, Value]:
        """What a new row holds beside the record's own values: the beginning of its validity, and the site's fixed columns.

        Raises:
            Irreversible: The table keeps versions, and the site does not say which one is in force.
        """
        as_of = self.mapped.as_of
        values: dict[str, Value] = {}
        if as_of.mode == "validity" and as_of.valid_from is not None:
            if as_of.valid_to not in self.table.live:
                raise Irreversible("该表保留历史版本，而站点没有说明在用版本的条件")
            begin = self.column(as_of.valid_from).kind
            values[as_of.valid_from] = (
                self.date
                if begin == "date"
                else (dt.datetime.combine(self.date, dt.time()) if begin == "timestamp" else self.date.strftime(as_of.format))
            )
        return values | dict(self.table.writes)

    def held_fen(self, column: Column, value: Value) -> int | None:
        """An amount as its column holds it, in fen; None where it is no money."""
        field = self.field_of(column.name)
        if field is None or field.type != "fen" or not isinstance(value, int | Decimal | str) or value == "":
            return None
        amount = Decimal(value)
        return int(amount if self.mapped.columns[field.name].unit == "fen" else amount.scaleb(2))

    def _written(self, field: Field, mapping: Mapping, column: Column, value: str, insurance: str | None) -> Value:
        if mapping.codes is not None:
            return self._code(field, mapping.codes, value, insurance)
        if field.type == "date":
            day = dt.date.fromisoformat(value)
            if column.kind == "date":
                return day
            return dt.datetime.combine(day, dt.time()) if column.kind == "timestamp" else day.strftime(mapping.format)
        if field.type == "fen":
            amount = Decimal(int(value)) if mapping.unit == "fen" else Decimal(int(value)).scaleb(-2)
            return self._number(column, amount)
        if field.type == "rate":
            return self._number(column, Decimal(int(value)).scaleb(-6))
        return self._number(column, Decimal(value)) if field.type == "int" else value

    @staticmethod
    def _number(column: Column, amount: Decimal) -> Value:
        if column.kind == "integer":
            if amount != amount.to_integral_value():
                raise Irreversible("数值带小数，而被修改字段是整数")
            return int(amount)
        return amount if column.kind == "decimal" else format(amount, "f")

    def _code(self, field: Field, table: str, value: str, insurance: str | None) -> str:
        if value.startswith("?"):
            raise Irreversible(f"“{field.label}”的正确值是未登记的代码")
        candidates = self._codes.get((table, insurance or ""), {}).get(value) if insurance else None
        candidates = candidates or self._codes.get((table, ""), {}).get(value, [])
        own = [code for code in candidates if code in self._own_codes.get(table, set())]
        if own:
            candidates = own
        if not candidates:
            raise Irreversible(f"“{field.label}”的代码 {value} 在被修改系统的代码表中没有对应代码")
        if len(candidates) > 1:
            raise Irreversible(f"“{field.label}”的代码 {value} 在被修改系统有多个对应代码：{'、'.join(sorted(candidates))}")
        return candidates[0]

    def _fitting(self, column: Column, value: Value) -> Value:
        if isinstance(value, str) and column.length is not None and len(value) > column.length:
            raise Irreversible(f"正确值超过字段“{column.label or column.name}”的长度 {column.length}")
        if isinstance(value, Decimal) and column.length is not None:
            whole = column.length - (column.scale or 0)
            if abs(value) >= Decimal(10) ** whole:
                raise Irreversible(f"正确值超过字段“{column.label or column.name}”的位数")
        return value

    def as_held(self, column: Column, raw: str | None) -> Value:
        """A raw value, text as received, as the column holds it.

        Raises:
            Irreversible: It is not of the column's kind, so that the change could not be guarded by it.
        """
        if raw is None or (raw == "" and (self.target.dialect is not Dialect.POSTGRESQL or column.kind != "text")):
            return None
        field = self.field_of(column.name)
        try:
            if column.kind == "integer":
                return int(Decimal(raw))
            if column.kind == "decimal":
                return Decimal(raw)
            if column.kind in ("date", "timestamp"):
                return self._moment(raw, column.kind, self.mapped.columns[field.name].format if field is not None else "%Y-%m-%d")
        except (ValueError, InvalidOperation):
            raise Irreversible(f"字段“{column.label or column.name}”的现值不是{_KINDS[column.kind]}") from None
        return raw

    @staticmethod
    def _moment(raw: str, kind: ColumnKind, format_: str) -> dt.date | dt.datetime:
        try:
            moment = dt.datetime.strptime(raw.strip(), format_)
        except ValueError:
            moment = dt.datetime.fromisoformat(raw.strip())
        return moment if kind == "timestamp" else moment.date()

    def fen(self, field: str, canonical: str | None) -> int | None:
        """A canonical amount in fen; None where the field is no money."""
        return int(canonical) if canonical is not None and self.dataset.fields[field].type == "fen" else None

    def described(self, changed: set[str], *, whole: bool = False) -> Table:
        """The table with its key, its live columns, its batch column and the columns that change.

        Args:
            changed: The columns that change.
            whole: Whether rows are deleted: then all columns are named, as the backup must hold all of them.
        """
        names = [*self.table.key, *self.table.live]
        names += [self.table.batch_column] if self.table.batch_column else []
        order = [mapping.column for mapping in self.mapped.columns.values() if mapping.column is not None]
        names += [name for name in dict.fromkeys(order) if name in changed and name not in names]
        names += sorted(changed - set(names))
        if whole:
            valid_from = self.mapped.as_of.valid_from
            names += [*([valid_from] if valid_from is not None else []), *order, *self.table.columns]
        live: list[tuple[str, Value]] = list(self.table.live.items())
        return Table(
            name=self.name,
            key=self.table.key,
            columns=tuple(self.column(name) for name in dict.fromkeys(names)),
            batch_column=self.table.batch_column,
            live=tuple(live),
            label=self.dataset.label,
        )


_KINDS = {"integer": "整数", "decimal": "数值", "date": "日期", "timestamp": "时间", "text": "文本"}
