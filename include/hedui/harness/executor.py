"""The keeper of another system, as the harness plays it: takes dispatched bundles, changes its exported files, answers with receipts.

It believes nothing: the cover's signature, the packed file's digest and every digest of the manifest must hold, and a row whose old value
is another one now is refused with its reason. A bundle that comes again is answered as it was the first time.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from hedui.corrections.bundle import FrozenBundle, open_bundle
from hedui.corrections.dispatch.follow import receipt_name
from hedui.corrections.dispatch.pack import Cover, read_cover
from hedui.corrections.dispatch.receipts import Receipt, RefusedRow, Result, write_receipt
from hedui.corrections.dispatch.send import COVER_SUFFIX
from hedui.corrections.model import Change, Operation, Value
from hedui.errors import HeduiError

STALE: Final = "原值与现值不一致"
THERE: Final = "记录已存在"
UNKNOWN: Final = "没有这一行"


@dataclass(kw_only=True)
class Executor:
    """The keeper of a system whose tables are exported as delimited files with a line of names.

    Attributes:
        outbox: Folder that bundles are put into.
        receipts: Folder that receipts are put into.
        key: The key that both sides share.
        files: Gives the files of a table, in each of which rows are changed.
        name: Who issues the receipts.
        encoding: Of the files.
        separator: Of the files.
        refuse: Reason by number of a row that is refused whatever it says, by bundle.
    """

    outbox: Path
    receipts: Path
    key: bytes
    files: Callable[[str], list[Path]]
    name: str = "省社会保险局"
    encoding: str = "gb18030"
    separator: str = "|"
    refuse: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    _done: set[str] = field(default_factory=set, init=False)

    def work(self, *, accept: bool = False, answer: bool = True) -> list[Receipt]:
        """Takes every bundle that is there and answers it.

        Args:
            accept: Whether to send the word that it was accepted first.
            answer: Whether to send the final receipt: without, it comes by letter.

        Returns:
            The final receipts.
        """
        answered = []
        for path in sorted(self.outbox.glob(f"*{COVER_SUFFIX}")):
            cover = read_cover(path.read_bytes(), key=self.key)
            if cover.bundle in self._done or any(self.receipts.glob(receipt_name(cover.bundle, "*-2"))):
                continue
            self._done.add(cover.bundle)
            if accept:
                self.send(self._receipt(cover, Result.ACCEPTED, number=1))
            refused = self._execute(cover)
            result = Result.PARTLY if refused else Result.EXECUTED
            if len(refused) == cover.changes:
                result = Result.REFUSED
            answered.append(self._receipt(cover, result, number=2, rows=refused))
            if answer:
                self.send(answered[-1])
        return answered

    def send(self, receipt: Receipt, *, key: bytes | None = None, suffix: str = "") -> Path:
        """Puts a receipt where it is looked for; with another key it is a forged one."""
        self.receipts.mkdir(parents=True, exist_ok=True)
        path = self.receipts / receipt_name(receipt.bundle, f"{receipt.number}{suffix}")
        partial = path.with_suffix(".part")
        partial.write_bytes(write_receipt(receipt, key=key or self.key))
        return partial.rename(path)

    def _receipt(self, cover: Cover, result: Result, *, number: int, rows: tuple[RefusedRow, ...] = ()) -> Receipt:
        note = "整件退回" if result is Result.REFUSED else ""
        issued = dt.datetime(2026, 6, 8, 9, 0, tzinfo=dt.UTC) + dt.timedelta(hours=number)
        return Receipt(
            number=f"{cover.bundle}-{number}", bundle=cover.bundle, manifest=cover.manifest, result=result, issued_at=issued,
            issuer=self.name, rows=rows, note=note,
        )  # fmt: skip

    def _execute(self, cover: Cover) -> tuple[RefusedRow, ...]:
        content = (self.outbox / cover.file).read_bytes()
        if hashlib.sha256(content).hexdigest() != cover.digest:
            raise HeduiError(f"{cover.file} is not what its cover says; it is not executed.")
        with tempfile.TemporaryDirectory(prefix="hedui-executor-") as folder:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                archive.extractall(folder)
            bundle = open_bundle(Path(folder) / cover.bundle, digest=cover.manifest)
            return tuple(self._refused(bundle, self.refuse.get(cover.bundle, {})))

    def _refused(self, bundle: FrozenBundle, given: Mapping[int, str]) -> Iterator[RefusedRow]:
        for change in bundle.changes():
            reason = given.get(change.number) or self._change(bundle, change)
            if reason:
                yield RefusedRow(number=change.number, code="07", reason=reason)

    def _change(self, bundle: FrozenBundle, change: Change) -> str:
        """Changes, adds or deletes a row in the files, in each that has it as the bundle expects it; else says why not."""
        key = dict(zip(bundle.plan.table(change.table).key, change.key, strict=True))
        done, reason = 0, UNKNOWN
        for file in self.files(change.table):
            lines = file.read_text(encoding=self.encoding).split("\n")
            names = lines[0].rstrip("\r").split(self.separator)
            rows = [dict(zip(names, line.rstrip("\r").split(self.separator), strict=False)) for line in lines]
            found = [
                place for place, row in enumerate(rows) if place and all(same(row.get(name), value) for name, value in key.items())
            ]
            if change.operation is Operation.INSERT:
                if found:
                    return THERE
                values = dict.fromkeys(names, "") | {name: written(value) for name, value in key.items()}
                lines.insert(
                    1, self._line(names, values | {cell.column: written(cell.new) for cell in change.cells}, like=lines[0])
                )
                done += 1
            for place in reversed(found):
                if not all(same(rows[place].get(cell.column), cell.old) for cell in change.cells):
                    reason = STALE
                    continue
                if change.operation is Operation.DELETE:
                    del lines[place]
                else:
                    values = rows[place] | {cell.column: written(cell.new, like=rows[place][cell.column]) for cell in change.cells}
                    lines[place] = self._line(names, values, like=lines[place])
                done += 1
            file.write_text("\n".join(lines), encoding=self.encoding, newline="")
        return "" if done else reason

    def _line(self, names: list[str], values: Mapping[str, str], *, like: str) -> str:
        return self.separator.join(values[name] for name in names) + ("\r" if like.endswith("\r") else "")


def same(text: str | None, value: Value) -> bool:
    """Whether a file's text is a value."""
    return text is not None and (text.strip() == written(value, like=text) or (value is None and not text.strip()))


def written(value: Value, *, like: str = "") -> str:
    """A value as the files write it; dates as the present text does, with hyphens where there is none."""
    if value is None:
        return ""
    if isinstance(value, dt.date):
        return f"{value:%Y%m%d}" if like.isdecimal() else f"{value:%Y-%m-%d}"
    return str(value)
