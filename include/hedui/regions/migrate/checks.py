"""The checks of a migration: pure comparisons of measures, and their verdicts as the report shows them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from hedui.regions.migrate.records import Logged, Measure

Verdict = Literal["pass", "fail", "note"]
Chosen = Callable[[Measure], bool]
Stage = Literal["preflight", "rehearsal", "proof", "rollback"]
VERDICTS: Final[dict[str, str]] = {"pass": "通过", "fail": "不通过", "note": "提示"}
STAGES: Final[dict[str, str]] = {"preflight": "迁移前", "rehearsal": "演练", "proof": "迁移后", "rollback": "回退"}


@dataclass(frozen=True, kw_only=True)
class Check:
    """One check of the list.

    Attributes:
        number: Its number in the list of checks before, during and after a migration.
        title: What is checked.
        target: The target, empty for the whole run.
        before, after, difference: Figures as they are shown.
        verdict: ``fail`` stops; ``note`` is shown and does not.
        detail: What was found.
    """

    number: int
    title: str
    target: str
    before: str
    after: str
    difference: str
    verdict: Verdict
    detail: str = ""


def check(
    number: int,
    title: str,
    *,
    target: str = "",
    before: object = "",
    after: object = "",
    difference: object = "",
    ok: bool,
    otherwise: Verdict = "fail",
    detail: str = "",
) -> Check:
    """A check that passes, or gets the other verdict."""
    shown = (_shown(before), _shown(after), _shown(difference))
    verdict: Verdict = "pass" if ok else otherwise
    return Check(
        number=number,
        title=title,
        target=target,
        before=shown[0],
        after=shown[1],
        difference=shown[2],
        verdict=verdict,
        detail=detail,
    )


def _shown(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def totals(measures: Iterable[Measure]) -> tuple[int, tuple[int, ...]]:
    """Rows and fen of everything."""
    lines = [item for item in measures if item.code is None]
    fen = tuple(sum(values) for values in zip(*(item.fen for item in lines), strict=True)) if lines else ()
    return sum(item.rows for item in lines), fen


def touched(measures: Iterable[Measure]) -> list[Measure]:
    """The measures of what a migration can touch."""
    return [item for item in measures if item.group]


def conserved(target: str, before: Sequence[Measure], after: Sequence[Measure], *, part: str = "全表") -> list[Check]:
    """Groups conserve rows, persons, units, fen and content (8); untouched codes are as they were (9); closed rows too (11).

    Args:
        target: The target's label.
        before: Its measures before.
        after: Its measures after.
        part: What they are of.
    """
    groups = _differing(before, after, lambda item: item.code is None and bool(item.group) and not item.closed)
    single = _differing(before, after, lambda item: item.code is not None and not item.group and not item.closed)
    closed = _differing(before, after, lambda item: item.closed)
    rows, fen = totals(before)
    rows_after, fen_after = totals(after)
    lost = rows_after - rows
    return [
        check(8, f"{part}行数守恒", target=target, before=rows, after=rows_after, difference=lost, ok=not lost),
        check(
            8,
            f"{part}金额（分）守恒",
            target=target,
            before="、".join(f"{value:,}" for value in fen),
            after="、".join(f"{value:,}" for value in fen_after),
            difference="、".join(f"{second - first:,}" for first, second in zip(fen, fen_after, strict=False)),
            ok=fen == fen_after,
        ),
        _equal(8, "各映射组人数、单位数、金额、内容守恒", target, before, groups, _is_group),
        _equal(9, "未涉及区划内容不变", target, before, single, lambda item: item.code is not None and not item.group),
        _equal(11, "已结账期间不变", target, before, closed, lambda item: item.closed and item.code is not None),
    ]


def _is_group(item: Measure) -> bool:
    return item.code is None and bool(item.group)


def _equal(number: int, title: str, target: str, before: Sequence[Measure], names: list[str], counted: Chosen) -> Check:
    count = sum(1 for item in before if counted(item))
    detail = f"不一致：{'、'.join(names[:20])}" if names else ""
    return check(
        number, title, target=target, before=count, after=count - len(names), difference=-len(names), ok=not names, detail=detail
    )


def _differing(before: Iterable[Measure], after: Iterable[Measure], chosen: Chosen) -> list[str]:
    first = {(item.closed, item.group, item.code): item.content for item in before if chosen(item)}
    second = {(item.closed, item.group, item.code): item.content for item in after if chosen(item)}
    keys = sorted(first.keys() | second.keys(), key=str)
    return [str(key[2] or key[1]) for key in keys if first.get(key) != second.get(key)]


def same(number: int, title: str, target: str, before: Sequence[Measure], after: Sequence[Measure]) -> Check:
    """Whether two measures are equal in every code: a rollback has restored the baseline."""
    names = _differing(before, after, lambda item: item.code is not None)
    count = sum(1 for item in before if item.code is not None)
    detail = f"未恢复：{'、'.join(names[:20])}" if names else "逐代码内容摘要一致"
    return check(
        number, title, target=target, before=count, after=count - len(names), difference=-len(names), ok=not names, detail=detail
    )


def predicted(target: str, logged: Logged, moved: int, *, number: int = 7) -> Check:
    """The rows that changed are the rows that were logged (7; 5 on a copy)."""
    difference = moved - logged.rows
    title = "副本演练更新行数与主键日志一致" if number == 5 else "实际更新行数与主键日志一致"
    return check(number, title, target=target, before=logged.rows, after=moved, difference=difference, ok=not difference)


def arrived(target: str, before: Sequence[Measure], after: Sequence[Measure], logged: Logged) -> Check:
    """Every code has the rows that it had, less those that were logged away, plus those that were logged to it."""
    expected: dict[str, int] = defaultdict(int)
    for item in before:
        if item.code is not None and not item.closed:
            expected[item.code] += item.rows
    for old, new, _, rows in logged.moves:
        expected[old] -= rows
        expected[new] += rows
    found: dict[str, int] = defaultdict(int)
    for item in after:
        if item.code is not None and not item.closed:
            found[item.code] += item.rows
    wrong = [code for code in sorted(expected.keys() | found.keys()) if expected.get(code, 0) != found.get(code, 0)]
    detail = f"不一致：{'、'.join(wrong[:20])}" if wrong else ""
    held = [sum(1 for rows in figures.values() if rows) for figures in (expected, found)]
    return check(
        7,
        "逐代码行数与预估一致（代码数：预估、实际）",
        target=target,
        before=held[0],
        after=held[1],
        difference=len(wrong),
        ok=not wrong,
        detail=detail,
    )


def no_dead_code(target: str, after: Sequence[Measure], dead: Callable[[str], bool], logged: Logged) -> Check:
    """No open row has a code that is no longer in force, but for those that wait for a person (10)."""
    waiting: dict[str, int] = defaultdict(int)
    for old, _, rows in logged.queued:
        waiting[old] += rows
    held = [item for item in after if item.code and not item.closed]
    left = {item.code: rows for item in held if item.code and dead(item.code) and (rows := item.rows - waiting.get(item.code, 0))}
    detail = "；".join(f"{code} {rows}行" for code, rows in sorted(left.items())[:20])
    if not left and waiting:
        detail = f"待人工判定{sum(waiting.values()):,}行保留原代码"
    rows = sum(left.values())
    return check(10, "开放期间无失效代码", target=target, before="", after=rows, difference=rows, ok=not left, detail=detail)


def unmixed(target: str, logged: Logged, lost: Callable[[str], bool]) -> Check:
    """No row waits on a code that now means another area: nobody could tell it from the rows that belong there (6)."""
    mixed = {old: rows for old, _, rows in logged.queued if lost(old)}
    detail = "；".join(f"{code}已另作他用，{rows}行须先判定" for code, rows in sorted(mixed.items())[:20])
    return check(6, "待判定行的原代码未被另作他用", target=target, after=sum(mixed.values()), ok=not mixed, detail=detail)


def reached(target: str, logged: Logged, groups: Mapping[str, str]) -> Check:
    """The key log reaches only codes that a rule touches, so that all others cannot change (9)."""
    outside = sorted({code for old, new, _, _ in logged.moves for code in (old, new) if not groups.get(code)})
    return check(9, "主键日志只涉及映射内的代码", target=target, after=len(outside), ok=not outside, detail="、".join(outside[:20]))


def restatable(target: str, figure: str, was: Mapping[str, int], totals: Mapping[str, int], residual: Mapping[str, int]) -> Check:
    """Closed totals as they were are those in later codes and what no weight distributes (11)."""
    before, after, left = sum(was.values()), sum(totals.values()), sum(residual.values())
    detail = f"未分配余额{left:,}" if left else ""
    return check(
        11,
        f"已结账统计 {figure}：原口径 = 新口径 + 余额",
        target=target,
        before=before,
        after=after,
        difference=before - after - left,
        ok=before == after + left,
        detail=detail,
    )


def counted(found: Sequence[Check]) -> dict[str, int]:
    """How many checks there are, and how many of them failed or are to be looked at."""
    verdicts = [item.verdict for item in found]
    return {"checks": len(found), "failed": verdicts.count("fail"), "notes": verdicts.count("note")}
