"""What was seen, decided and done about a bundle, as the page and the 审批单 tell it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hedui.context import Context
from hedui.corrections.frozen import frozen_bundle
from hedui.corrections.ledger import Bundle, Event
from hedui.corrections.page import Facts, Signature
from hedui.corrections.states import ACT_LABELS, SYSTEM, Act, State

if TYPE_CHECKING:
    from hedui.corrections.bundle.approval import Signed

_RUNNING: Final = (State.EXECUTING, State.DISPATCHED, State.ACCEPTED)


def rehearsal_lines(bundle: Bundle) -> Facts:
    """Label and figure of what the rehearsal saw."""
    lines: list[list[str]] = next((event.details["rehearsal"] for event in bundle.events if "rehearsal" in event.details), [])
    return tuple((str(label), str(figure)) for label, figure in lines)


DECISIONS: Final = (Act.APPROVE, Act.APPROVE_LEADER, Act.REVIEW, Act.ROLLBACK_APPROVE)


def signatures(bundle: Bundle) -> tuple[Signature, ...]:
    """The decisions that were taken on a bundle, oldest first."""
    return tuple(_signature(event) for event in bundle.events if event.act in DECISIONS)


def _signature(event: Event) -> Signature:
    verdict = "同意" if event.details.get("approved") else "不同意"
    who = str(event.details.get("name") or event.actor) if event.actor != SYSTEM else "（无人决定）"
    return Signature(stage=ACT_LABELS[event.act] if event.act else "", who=who, at=event.at, verdict=verdict, reason=event.note)


def write_form(context: Context, bundle_id: str) -> None:
    """Writes the 审批单 with all that was decided and done so far, beside the frozen files."""
    from hedui.corrections.bundle.approval import Signed, write_approval_form

    bundle, frozen = frozen_bundle(context, bundle_id)
    signed = tuple(
        Signed(role=item.stage, who=item.who, at=item.at, verdict=item.verdict, reason=item.reason) for item in signatures(bundle)
    )
    signed += _deeds(bundle, Signed)
    folder = frozen.folder / "08_decisions"
    folder.mkdir(exist_ok=True)
    rehearsal = "；".join(f"{label}：{figure}" for label, figure in rehearsal_lines(bundle))
    write_approval_form(frozen, folder / "数据修改审批单.xlsx", decisions=signed, rehearsal=rehearsal)


def _deeds(bundle: Bundle, entry: type[Signed]) -> tuple[Signed, ...]:
    """The execution as the form tells it: by whom, when, how many rows or by which receipt, or why nothing was done."""
    who = next((event.actor for event in reversed(bundle.events) if event.act is Act.EXECUTE), "")
    ended = [event for event in bundle.events if event.from_state in _RUNNING and event.to_state in (State.EXECUTED, State.FAILED)]
    return tuple(_deed(event, who, entry) for event in ended)


def _deed(event: Event, who: str, entry: type[Signed]) -> Signed:
    done = event.to_state is State.EXECUTED
    rows = f"影响行数 {event.details['rows']:,}" if done and "rows" in event.details else event.note
    return entry(role=ACT_LABELS[Act.EXECUTE], who=who, at=event.at, verdict="已执行" if done else "未执行", reason=rows)
