"""What a site says of corrections in ``corrections.yaml``: which systems are corrected, how, by whom, within which limits."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field

from hedui.errors import HeduiError
from hedui.site.base import Identifier, Model
from hedui.site.problems import choose
from hedui.site.regions import ColumnName, SqlName

FILE: Final = "corrections.yaml"
KEY_FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "person": ("id_type", "id_number", "social_security_no", "name", "sex", "birth_date", "first_work_date", "retirement_date"),
    "enrolment": ("id_number", "name"),
}
"""Key fields where the file names none."""
Tier = Literal["local", "city", "province", "nation"]
Person = Annotated[str, Field(min_length=1)]


class Dialect(StrEnum):
    """The SQL that a target speaks: Oracle first class, 达梦 and OceanBase as variants of it, PostgreSQL."""

    ORACLE = "oracle"
    POSTGRESQL = "postgresql"
    DM = "dm"
    OCEANBASE = "oceanbase"


class TargetColumn(Model):
    """A column's type in the target. Text where the file says nothing.

    Attributes:
        kind: Kind of its values.
        length: For text: most characters. For decimal: all digits.
        scale: For decimal: digits after the point.
        fixed: The column is CHAR(n), which the database fills up with blanks; needs ``length``.
        required: It may not be NULL.
        label: Chinese name; the canonical field's where left out.
    """

    kind: Literal["text", "integer", "decimal", "date", "timestamp"] = "text"
    length: int | None = Field(default=None, ge=1)
    scale: int | None = Field(default=None, ge=0)
    fixed: bool = False
    required: bool = False
    label: str = ""


class TargetTable(Model):
    """A table of the target and the canonical dataset it holds.

    Attributes:
        dataset: Canonical dataset that the source maps from it.
        table: Its name in the target; the source's where left out.
        key: Columns that name a row for good, by the source's own mapping known for every row.
        live: Conditions of the row in force, column and value, for tables that keep old versions.
        batch_column: Column that takes the bundle's id.
        columns: Types of its columns.
        writes: Further columns that a new row needs, with a fixed value.
        closed_fields: Canonical fields that are never corrected from here. In a new row a person's number is the one that the system
            itself has for the person; other closed fields stay empty.
        inserts: A record that is missing may be added.
        deletes: An exact duplicate may be deleted.
    """

    dataset: Identifier
    table: SqlName | None = None
    key: tuple[ColumnName, ...] = Field(min_length=1)
    live: dict[ColumnName, str | int | dt.date] = {}
    batch_column: ColumnName | None = None
    columns: dict[ColumnName, TargetColumn] = {}
    writes: dict[ColumnName, str | int | dt.date] = {}
    closed_fields: tuple[Identifier, ...] = ()
    inserts: bool = True
    deletes: bool = False


class People(Model):
    """Airflow user names by what they may do. One person never does two of these for one bundle.

    Attributes:
        proposers: 申请: empty means anyone with the right in Airflow.
        approvers: 审批: 业务部门.
        leaders: 二级审批: 分管领导, above a threshold and for key fields.
        executor: 执行: the account to which execution and dispatch are booked.
        receivers: 登记: who may enter a receipt from paper in Airflow; where empty, proposers and executor.
        reviewers: 复核.
    """

    proposers: tuple[Person, ...] = ()
    approvers: tuple[Person, ...] = Field(min_length=1)
    leaders: tuple[Person, ...] = Field(min_length=1)
    executor: Person
    receivers: tuple[Person, ...] = ()
    reviewers: tuple[Person, ...] = Field(min_length=1)


class Thresholds(Model):
    """Above which a 分管领导 signs too.

    Attributes:
        people: People a bundle touches.
        amount_fen: Sum of the absolute differences in fen.
    """

    people: int = Field(default=50, ge=0)
    amount_fen: int = Field(default=1_000_000, ge=0)


class Sizes(Model):
    """What splits a bundle.

    Attributes:
        rows: Most changed rows.
        people: Most people.
        amount_fen: Most moved money in fen; a single row above it makes a bundle alone.
    """

    rows: int = Field(default=100_000, ge=1)
    people: int = Field(default=100_000, ge=1)
    amount_fen: int | None = Field(default=None, ge=1)


class Outbox(Model):
    """Where bundles for a system that others keep are put.

    Attributes:
        url: Folder (below the site's inbox folder's parent where relative) or fsspec URL.
        receipts: Where receipts arrive, as ``url``.
        connection: Named connection with the store's options.
        key: Environment variable that holds the key of the signatures.
    """

    url: str
    receipts: str
    connection: Identifier | None = None
    key: str = "HEDUI_DISPATCH_KEY"


class Sla(Model):
    """How long each step may take.

    Attributes:
        approve_hours: From asked to decided; then the request lapses as refused.
        receipt_days: Working days from dispatched to the receipt.
        review_days: Working days from executed to closed.
        remind_days: Working days before a term at which a reminder goes out.
    """

    approve_hours: int = Field(default=72, ge=1)
    receipt_days: int = Field(default=10, ge=1)
    review_days: int = Field(default=2, ge=1)
    remind_days: int = Field(default=1, ge=0)


class Target(Model):
    """A system whose data is corrected.

    Attributes:
        id: Its name in the ledger and on command lines.
        name: Chinese name.
        tier: Level it belongs to.
        region: Region code in the bundles' ids.
        source: Source of the site that reads from it: its mapping is turned round, and it proves the result.
        dialect: Its SQL.
        mode: ``execute`` where the site may write, ``dispatch`` where others do.
        connection: Named connection to write through.
        outbox: Where bundles are dispatched to.
        tables: Its tables.
        people: Who decides and does.
        thresholds: Above which a second person signs.
        sizes: Limits of a bundle.
        sla: Working days per step.
    """

    id: Identifier
    name: str
    tier: Tier
    region: str = Field(pattern=r"^\d{6}(\d{6})?$")
    source: Identifier
    dialect: Dialect = Dialect.ORACLE
    mode: Literal["execute", "dispatch"]
    connection: Identifier | None = None
    outbox: Outbox | None = None
    tables: tuple[TargetTable, ...] = Field(min_length=1)
    people: People
    thresholds: Thresholds = Thresholds()
    sizes: Sizes = Sizes()
    sla: Sla = Sla()


class CorrectionSettings(Model):
    """The whole of ``corrections.yaml``.

    Attributes:
        targets: The systems that are corrected.
        key_fields: Canonical fields by dataset that change for one person at a time, with evidence and a second signature.
        explained: Kinds of findings that are explained rather than corrected.
    """

    targets: tuple[Target, ...] = Field(min_length=1)
    key_fields: dict[Identifier, tuple[Identifier, ...]] = KEY_FIELDS
    explained: tuple[str, ...] = ("IN_TRANSIT", "CUTOFF")

    def target(self, target_id: str) -> Target:
        """The target with the id.

        Raises:
            HeduiError: There is no such target.
        """
        for target in self.targets:
            if target.id == target_id:
                return target
        raise HeduiError(f'The site corrects no "{target_id}"; {choose(target_id, [target.id for target in self.targets])}')

    def is_key_field(self, dataset: str, field: str) -> bool:
        """Whether a field goes one person at a time."""
        return field in self.key_fields.get(dataset, ())
