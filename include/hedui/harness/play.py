"""Plays a scenario against an inbox: drops packets, waits for receipts, and says step by step whether what was expected happened."""

from __future__ import annotations

import posixpath
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from hedui.errors import HeduiError
from hedui.harness.faults import spoil_bytes, spoil_draft
from hedui.harness.packets import Draft, packed, path_of, render
from hedui.harness.receipts import SeenReceipt, answers, place
from hedui.harness.rows import Row, make_rows
from hedui.harness.scenario import FAULTS, Answer, ExpectReceipt, Extract, Finish, Remove, Scenario, Send, Step
from hedui.site import Site
from hedui.site.models import Source
from hedui.site.readers import FileReader, SqlReader, XmlReader
from hedui.sources.inbox import Place

POLL_SECONDS = 2.0

State = Literal["done", "met", "unmet"]
STATES: dict[State, str] = {"done": "已执行", "met": "符合预期", "unmet": "不符合预期"}


@dataclass(frozen=True, kw_only=True)
class StepResult:
    """What became of a step.

    Attributes:
        number: The step's number, from 1.
        what: What was done, in Chinese.
        state: Done, or whether an expectation was met.
        detail: Path, size, or what came instead.
    """

    number: int
    what: str
    state: State
    detail: str = ""


class Receipts(Protocol):
    """Where the receipts of packets come in."""

    def find(self, path: str) -> SeenReceipt | None:
        """The receipt of the packet that was dropped at a path, None while there is none."""


@dataclass
class Player:
    """Plays one scenario.

    Attributes:
        site: The site that both sides have agreed on.
        scenario: What happens.
        folder: The scenario's folder.
        inbox: The source's inbox.
        receipts: Where receipts are looked for.
        extract: Lets Hedui read the source; None where it runs elsewhere.
        wait: Waits between two looks for a receipt, in seconds.
    """

    site: Site
    scenario: Scenario
    folder: Path
    inbox: Place
    receipts: Receipts
    extract: Callable[[], str] | None = None
    wait: Callable[[float], None] = time.sleep
    _sent: dict[str, tuple[str, bytes, bytes]] = field(default_factory=dict)

    def play(self) -> Iterator[StepResult]:
        """Does the steps in order; an expectation that is not met does not end the scenario.

        Raises:
            HeduiError: A step cannot be done as it is written.
        """
        for number, step in enumerate(self.scenario.steps, 1):
            what, state, detail = self._step(step)
            yield StepResult(number=number, what=what, state=state, detail=detail)

    def _step(self, step: Step) -> tuple[str, State, str]:
        if isinstance(step, Send):
            return self._send(step)
        if isinstance(step, Finish):
            return self._finish(step)
        if isinstance(step, Remove):
            path = self._sent[step.packet][0]
            self.inbox.fs.rm_file(self._full(path))
            return f"撤回报文 {step.packet}", "done", path
        if isinstance(step, ExpectReceipt):
            return self._expect(step)
        if isinstance(step, Answer):
            return self._answer(step)
        return self._extract(step)

    @property
    def _source(self) -> Source:
        return self.site.source(self.scenario.source)

    @property
    def _reader(self) -> FileReader:
        reader = self._source.reader
        if isinstance(reader, SqlReader):
            raise HeduiError(f"Source {self._source.id} is a database; the harness plays senders of files.")
        return reader

    def _send(self, step: Send) -> tuple[str, State, str]:
        rows = make_rows(step.rows, folder=self.folder)
        path = step.file or path_of(self._source, step.dataset, date=self.scenario.date, parts=step.name)
        agreed = getattr(self._reader, "encoding", "utf-8")
        draft = Draft(
            dataset=step.dataset,
            rows=rows,
            head=self._head(step),
            declared_rows=len(rows),
            declared_totals=self._totals(step, rows),
        )
        for fault in step.faults:
            draft = spoil_draft(draft, fault, agreed="gbk" if agreed == "declared" else agreed)
        whole = content = render(self._source, draft)
        for fault in step.faults:
            content = spoil_bytes(content, fault)
        whole, content = (packed(self._source, item, member=_member(path)) for item in (whole, content))
        names = {fault.name for fault in step.faults}
        self._sent[step.packet] = (path, whole, content)
        self._put(path, content)
        if "no_marker" not in names and "cut" not in names:
            self._mark(path)
        faults = "；".join(FAULTS[fault.name] for fault in step.faults)
        kind = "重发报文" if step.resend else "发送报文"
        return f"{kind} {step.packet}（{len(rows):,} 条{'，' + faults if faults else ''}）", "done", f"{path} {len(content):,} 字节"

    def _head(self, step: Send) -> dict[str, str]:
        if not isinstance(self._reader, XmlReader):
            return {"packet": step.packet} | step.head
        usual = {"SJBBH": step.packet, "SFCF": "1" if step.resend else "0", "SCRQ": self.scenario.date.strftime("%Y%m%d")}
        return usual | step.head

    def _totals(self, step: Send, rows: list[Row]) -> dict[str, str]:
        columns = self._source.datasets[step.dataset].columns
        declared = {}
        for name, total in self._reader.totals.items():
            column = columns[name].column if name in columns else None
            if column is None or total.column in step.head:
                continue
            cents = sum(_cents(row.get(column, "")) for row in rows)
            declared[total.column] = str(cents) if total.unit == "fen" else f"{cents // 100}.{cents % 100:02d}"
        return declared

    def _finish(self, step: Finish) -> tuple[str, State, str]:
        path, whole, content = self._sent[step.packet]
        if whole != content:
            self._put(path, whole)
        self._mark(path)
        return f"写完报文 {step.packet}", "done", f"{path} {len(whole):,} 字节"

    def _expect(self, step: ExpectReceipt) -> tuple[str, State, str]:
        waited = 0.0
        while (seen := self.receipts.find(self._sent[step.packet][0])) is None and waited < step.within:
            self.wait(POLL_SECONDS)
            waited += POLL_SECONDS
        what = f"等待报文 {step.packet} 的回执：应为{'接收' if step.result == 'accepted' else '拒收'}"
        if seen is None:
            return what, "unmet", f"{step.within} 秒内没有收到回执"
        result = "accepted" if seen.accepted else "rejected"
        missing = [rule for rule in step.rules if rule not in seen.rules]
        text = ("已接收" if seen.accepted else "被拒收") + (f"（{'、'.join(seen.rules)}）" if seen.rules else "")
        met = result == step.result and not missing
        return what, "met" if met else "unmet", text + (f"，缺少原因 {'、'.join(missing)}" if missing else "")

    def _answer(self, step: Answer) -> tuple[str, State, str]:
        paths = []
        for path, content in answers(self._source, step, date=self.scenario.date):
            fs, full = place(path, inbox=self.inbox)
            fs.makedirs(posixpath.dirname(full), exist_ok=True)
            fs.pipe_file(full, content)
            paths.append(path)
        result = "接收" if step.result == "accepted" else "拒收"
        return f"回执报文 {step.packet}：{result}", "done", "、".join(paths)

    def _extract(self, step: Extract) -> tuple[str, State, str]:
        if self.extract is None:
            return "等待对方读取", "done", "由对方的调度完成"
        return "读取来源", "done", self.extract()

    def _full(self, path: str) -> str:
        return f"{self.inbox.base}/{path}"

    def _put(self, path: str, content: bytes) -> None:
        full = self._full(path)
        self.inbox.fs.makedirs(posixpath.dirname(full), exist_ok=True)
        with self.inbox.fs.open(full, "wb") as handle:
            handle.write(content)

    def _mark(self, path: str) -> None:
        complete = self._reader.complete
        if complete is None or complete.marker is None:
            return
        marker = complete.marker
        name = marker.format(path=path) if "{path}" in marker else posixpath.join(posixpath.dirname(path), marker)
        self._put(name, b"")


def _member(path: str) -> str:
    return posixpath.splitext(posixpath.basename(path))[0] + ".txt"


def _cents(text: str) -> int:
    """Fen of an amount in yuan; what is no amount counts nothing, as faults may be planted in it."""
    whole, _, cents = text.partition(".")
    digits = f"{whole}{cents[:2]:0<2}"
    return int(digits) if digits.removeprefix("-").isdigit() else 0


def verdict(results: list[StepResult]) -> bool:
    """Whether every expectation was met."""
    return all(result.state != "unmet" for result in results)
