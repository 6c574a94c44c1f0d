"""The statements that concern one table of a bundle, rendered from the templates of ``include/sql/corrections``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hedui.corrections.model import OPERATION_LABELS, Operation
from hedui.corrections.sql.dialects import Speech
from hedui.corrections.sql.shape import BATCH, GROUP, Group, Shape
from hedui.engine import environment

CHANGING = (Operation.UPDATE, Operation.INSERT)
TOUCHING = (Operation.UPDATE, Operation.DELETE)


@dataclass(frozen=True)
class TableTexts:
    """The texts of one table.

    Attributes:
        shape: What the bundle does to it.
        speech: The dialect.
        bundle: The bundle's id.
        copy: Name of a copy that stands for the table, quoted; empty for the table itself.
    """

    shape: Shape
    speech: Speech
    bundle: str
    copy: str = ""

    @cached_property
    def target(self) -> str:
        """The table, quoted."""
        return self.copy or self.speech.table(self.shape.table.name)

    def work(self, kind: str) -> str:
        """A work table's name as the catalogue spells it; ``kind`` is ``S`` or ``B``."""
        return self.speech.work(self.shape.work_name(kind, self.bundle, copy=bool(self.copy)))

    @cached_property
    def stage(self) -> str:
        """The stage table, quoted."""
        return self.speech.name(self.work("S"))

    @cached_property
    def backup(self) -> str:
        """The backup table, quoted."""
        return self.speech.name(self.work("B"))

    @cached_property
    def batch(self) -> str:
        """The bundle's id as a literal."""
        return self.speech.literal(self.bundle)

    @property
    def label(self) -> str:
        """What people call the table."""
        return self.shape.table.label or self.shape.table.name

    def told(self, group: Group) -> str:
        """What people read of a group."""
        table = self.shape.table
        what = OPERATION_LABELS[group.operation]
        if group.operation is not Operation.UPDATE:
            return f"{self.label}：{what}整行"
        return f"{self.label}：{what}{'、'.join(table.column(name).label or name for name in group.columns)}"

    def staged(self, prefix: str, name: str) -> str:
        """A stage column as ``S."N_…"``."""
        return f"S.{self.speech.staged(self.shape.stage_column(prefix, name))}"

    def same(self, names: Sequence[str], prefix: str) -> list[str]:
        """Conditions: the table's columns hold the stage's old (``O_``) or new (``N_``) values."""
        table = self.shape.table
        return [
            (self.speech.same_fixed if table.column(name).fixed else self.speech.same)(
                f"T.{self.speech.name(name)}", self.staged(prefix, name)
            )
            for name in names
        ]

    def as_backed_up(self, names: Sequence[str]) -> list[str]:
        """Conditions: the table's columns hold the backup's values."""
        return [self.speech.same(f"T.{self.speech.name(name)}", f"B.{self.speech.name(name)}") for name in names]

    @cached_property
    def _common(self) -> dict[str, Any]:
        name, table = self.speech.name, self.shape.table
        live = [
            f"T.{name(column)} IS NULL" if value is None else f"T.{name(column)} = {self.speech.literal(value)}"
            for column, value in table.live
        ]
        names = [name(column.name) for column in table.columns]
        return {
            **{"target": self.target, "stage": self.stage, "backup": self.backup, "batch": self.batch, "live": live},
            **{"group": name(GROUP), "batch_column": name(BATCH), "names": names, "columns": [f"T.{item}" for item in names]},
            "match": [f"T.{name(column)} = {self.staged('K_', column)}" for column in table.key],
            "match_backup": [f"B.{name(column)} = T.{name(column)}" for column in table.key],
            "match_stage": [f"B.{name(column)} = {self.staged('K_', column)}" for column in table.key],
        }

    def text(self, template: str, **parameters: Any) -> str:
        """A template's text; ``~`` in front of its name stands for the dialect's folder."""
        path = template.replace("~", f"{self.speech.family}/")
        return environment().get_template(f"corrections/{path}.sql.jinja").render(**{**self._common, **parameters}).strip()

    def update(self, group: Group) -> str:
        """The guarded UPDATE of a group; the batch column takes the bundle's id."""
        columns, values = self._written(group)
        return self.text("~update", columns=columns, values=values, number=group.number, guards=self.same(group.columns, "O_"))

    def delete(self, group: Group, prefix: str) -> str:
        """The guarded DELETE of a group's rows, by their old or (what was inserted) their new values."""
        return self.text("delete", number=group.number, guards=self.same(group.columns, prefix))

    def insert(self, group: Group) -> str:
        """The INSERT of a group's rows: key, values, the live row's conditions and the batch id."""
        table = self.shape.table
        columns, values = self._written(group)
        columns = [self.speech.name(name) for name in table.key] + columns
        values = [self.staged("K_", name) for name in table.key] + values
        for name, value in table.live:
            if self.speech.name(name) not in columns:
                columns.append(self.speech.name(name))
                values.append(self.speech.literal(value))
        return self.text("insert", columns=columns, values=values, number=group.number)

    def _written(self, group: Group) -> tuple[list[str], list[str]]:
        columns = [self.speech.name(name) for name in group.columns]
        values = [self.staged("N_", name) for name in group.columns]
        batch = self.shape.table.batch_column
        if batch and batch not in group.columns:
            columns.append(self.speech.name(batch))
            values.append(self.batch)
        return columns, values

    def undo(self, group: Group) -> str:
        """The UPDATE that brings a group's old values back from the backup, guarded by the new ones."""
        columns, _ = self._written(group)
        return self.text("~undo", columns=columns, number=group.number, guards=self.same(group.columns, "N_"))

    def restore(self, group: Group) -> str:
        """The INSERT that brings deleted rows back from the backup."""
        overriding = self.speech.family == "postgresql"
        return self.text("restore", columns=self._common["names"], number=group.number, overriding=overriding)

    def count(self, group: Group, conditions: Sequence[str] = ()) -> str:
        """Counts a group's rows in force that fulfil the conditions."""
        return self.text("count", number=group.number, conditions=list(conditions))

    def holds(self, group: Group) -> list[str]:
        """Conditions: the new values and the batch id are there."""
        batch = self.shape.table.batch_column
        extra = [f"T.{self.speech.name(batch)} = {self.batch}"] if batch and batch not in group.columns else []
        return self.same(group.columns, "N_") + extra

    def lock(self, *operations: Operation) -> str:
        """Holds the rows of the groups with one of the operations."""
        return self.text("lock", groups=[group.number for group in self.shape.of(*operations)])

    def count_backup(self, names: Sequence[str]) -> str:
        """Counts the rows in force that equal the backup in the columns."""
        return self.text("count_backup", match=self._common["match_backup"], conditions=self.as_backed_up(names))

    def catalogue(self) -> str:
        """Counts the table's columns in the catalogue."""
        if self.speech.family == "postgresql":
            return self.text("~columns", regclass=self.speech.literal(self.target))
        *schema, name = (part.strip('"') for part in self.target.split("."))
        owner = self.speech.literal(schema[-1]) if schema else ""
        return self.text("~columns", owner=owner, name=self.speech.literal(name))
