"""A scenario: what the other side of an exchange does, step by step, and what it expects of us.

A scenario is one YAML file. It says who sends (a source of the site, whose reader gives carrier, names and layout), for which date, and
the steps. Values of rows and head fields are those of the wire: the source's own columns, codes and units.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from hedui.errors import HeduiError
from hedui.site.base import Identifier, Model

FaultName = Literal[
    "wrong_count", "wrong_total", "missing_head", "cut", "other_encoding", "broken_character", "entity", "garbage", "no_marker"
]
FAULTS: dict[FaultName, str] = {
    "wrong_count": "申报记录数与实际不符",
    "wrong_total": "申报总额与明细不符",
    "missing_head": "缺少包头字段（field 指明哪个）",
    "cut": "文件在中途截断（share 指明保留比例）",
    "other_encoding": "实际编码与约定不同",
    "broken_character": "字节流中有无法解码的字符",
    "entity": "XML 带外部实体",
    "garbage": "内容不是约定的格式",
    "no_marker": "不写完成标志文件",
}
"""Faults by name, with what users read."""


class Fault(Model):
    """Something that goes wrong with a packet.

    Attributes:
        name: Which fault.
        field: The head field (``missing_head``) or money column (``wrong_total``) concerned.
        share: Share of the file that is kept (``cut``).
    """

    name: FaultName
    field: str | None = None
    share: float = Field(default=0.5, gt=0, lt=1)


class Rows(Model):
    """The records of a packet: from a CSV file, or made from patterns.

    Attributes:
        file: CSV file (UTF-8, header) beside the scenario.
        count: How many records to make.
        values: Per column a pattern; ``{n}`` is the record's number, formatted as ``{n:06d}``.
        change: Per record number (from 1) the values that differ.
    """

    file: str | None = None
    count: int = Field(default=0, ge=0, le=1_000_000)
    values: dict[str, str] = Field(default_factory=dict)
    change: dict[int, dict[str, str]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_origin(self) -> Rows:
        if self.file is not None and self.values:
            raise ValueError("rows come either from a file or from values, not from both")
        return self


class Send(Model):
    """Drops a packet.

    Attributes:
        packet: The packet's id; its head field ``SJBBH`` where the carrier has a head.
        dataset: Which of the source's datasets.
        name: Parts of the file's name that the reader's path leaves open (sequence, agency …).
        file: The whole path below the inbox, where the reader's path has ``*``.
        head: Head fields over the usual ones.
        resend: The packet replaces the one of the same id (``SFCF`` = 1).
        rows: Its records; without them it is a zero report.
        faults: What goes wrong with it.
    """

    do: Literal["send"]
    packet: str
    dataset: Identifier
    name: dict[str, str] = Field(default_factory=dict)
    file: str | None = None
    head: dict[str, str] = Field(default_factory=dict)
    resend: bool = False
    rows: Rows = Rows()
    faults: tuple[Fault, ...] = ()


class Finish(Model):
    """Writes the marker of a packet that was sent without, or the rest of one that was cut: the sender has ended writing."""

    do: Literal["finish"]
    packet: str


class Remove(Model):
    """Takes a packet away again."""

    do: Literal["remove"]
    packet: str


class ExpectReceipt(Model):
    """Waits for our receipt of a packet.

    Attributes:
        packet: The packet's id.
        result: What the receipt must say.
        rules: Rules that its reasons must name.
        within: Seconds to wait.
    """

    do: Literal["expect_receipt"]
    packet: str
    result: Literal["accepted", "rejected"]
    rules: tuple[str, ...] = ()
    within: int = Field(default=900, ge=0)


class RefusedField(Model):
    """A value that the other side refuses: record number, its field, why."""

    record: int = Field(ge=1)
    field: str
    reason: str


class RefusedRow(Model):
    """A business row that the other side refuses: its number, the code, why."""

    key: str
    code: str
    reason: str


class Answer(Model):
    """Answers a packet that was sent on, with up to three layers of receipts.

    Attributes:
        packet: The packet's id.
        result: What the receipt of the packet says.
        reason: Why, where it is refused.
        fields: Values that are refused.
        rows: Business rows that are refused.
    """

    do: Literal["answer"]
    packet: str
    result: Literal["accepted", "rejected"] = "accepted"
    reason: str = ""
    fields: tuple[RefusedField, ...] = ()
    rows: tuple[RefusedRow, ...] = ()


class Extract(Model):
    """Lets Hedui read the source on this machine; where the two sides sit apart, its own schedule does."""

    do: Literal["extract"]


Step = Annotated[Send | Finish | Remove | ExpectReceipt | Answer | Extract, Field(discriminator="do")]


class Scenario(Model):
    """A rehearsal of an exchange.

    Attributes:
        title: What is rehearsed, in Chinese.
        source: The site's source whose sender is played.
        date: Business date.
        steps: What happens, in order.
    """

    title: str
    source: Identifier
    date: dt.date
    steps: tuple[Step, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _known_packets(self) -> Scenario:
        sent: set[str] = set()
        for number, step in enumerate(self.steps, 1):
            if isinstance(step, Send):
                sent.add(step.packet)
            elif not isinstance(step, Extract | Answer) and step.packet not in sent:
                raise ValueError(f"step {number} is about the packet {step.packet}, which no earlier step sends")
        return self


def load_scenario(path: Path) -> Scenario:
    """Reads a scenario.

    Raises:
        HeduiError: The file is missing, no YAML, or says something that no scenario may; each mistake with its place.
    """
    try:
        data = YAML(typ="safe").load(path.read_text("utf-8"))
        return Scenario.model_validate(data)
    except FileNotFoundError:
        raise HeduiError(f"There is no scenario {path}.") from None
    except (YAMLError, UnicodeDecodeError) as error:
        raise HeduiError(f"{path} is no YAML in UTF-8: {str(error).splitlines()[0]}.") from None
    except ValidationError as error:
        lines = [f"  {'.'.join(str(part) for part in item['loc']) or 'scenario'}: {item['msg']}" for item in error.errors()]
        raise HeduiError(f"{path}: {len(lines)} mistakes.\n" + "\n".join(lines)) from None
