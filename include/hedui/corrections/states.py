"""The life of a bundle and of its cases: states, what may follow what, and who may do it.

Pure data and functions; :mod:`hedui.corrections.ledger` applies them under a lock.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

SYSTEM: Final = "system"
"""The actor of what no person does: rehearsals, time-outs, receipts, re-reading."""


class State(StrEnum):
    """Where a bundle is. Labels: :data:`STATE_LABELS`."""

    DRAFT = "DRAFT"
    REHEARSED = "REHEARSED"
    REHEARSAL_FAILED = "REHEARSAL_FAILED"
    PENDING = "PENDING"
    PENDING_LEADER = "PENDING_LEADER"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    EXECUTING = "EXECUTING"
    EXECUTED = "EXECUTED"
    FAILED = "FAILED"
    DISPATCHED = "DISPATCHED"
    ACCEPTED = "ACCEPTED"
    RETURNED = "RETURNED"
    CLOSED = "CLOSED"
    REOPENED = "REOPENED"
    ROLLBACK_PENDING = "ROLLBACK_PENDING"
    ROLLBACK_APPROVED = "ROLLBACK_APPROVED"
    ROLLED_BACK = "ROLLED_BACK"
    VOID = "VOID"


STATE_LABELS: Final[dict[State, str]] = {
    State.DRAFT: "草稿",
    State.REHEARSED: "演练通过",
    State.REHEARSAL_FAILED: "演练失败",
    State.PENDING: "待批准",
    State.PENDING_LEADER: "待分管领导批准",
    State.APPROVED: "已批准",
    State.REJECTED: "驳回",
    State.EXECUTING: "执行中",
    State.EXECUTED: "已执行",
    State.FAILED: "执行失败（未作修改）",
    State.DISPATCHED: "待回执",
    State.ACCEPTED: "上级已受理",
    State.RETURNED: "退回",
    State.CLOSED: "复核通过（关闭）",
    State.REOPENED: "复核不通过（再打开）",
    State.ROLLBACK_PENDING: "回退待批准",
    State.ROLLBACK_APPROVED: "回退已批准",
    State.ROLLED_BACK: "已回退",
    State.VOID: "作废",
}

NEXT: Final[dict[State, frozenset[State]]] = {
    State.DRAFT: frozenset({State.REHEARSED, State.REHEARSAL_FAILED, State.VOID}),
    State.REHEARSED: frozenset({State.PENDING, State.VOID}),
    State.PENDING: frozenset({State.PENDING_LEADER, State.APPROVED, State.REJECTED, State.VOID}),
    State.PENDING_LEADER: frozenset({State.APPROVED, State.REJECTED, State.VOID}),
    State.APPROVED: frozenset({State.EXECUTING, State.DISPATCHED, State.VOID}),
    # Back to approved: the target could not be reached and holds nothing of the bundle.
    State.EXECUTING: frozenset({State.EXECUTED, State.FAILED, State.APPROVED}),
    State.DISPATCHED: frozenset({State.ACCEPTED, State.EXECUTED, State.RETURNED}),
    State.ACCEPTED: frozenset({State.EXECUTED, State.RETURNED}),
    State.EXECUTED: frozenset({State.CLOSED, State.REOPENED, State.ROLLBACK_PENDING}),
    State.CLOSED: frozenset({State.REOPENED, State.ROLLBACK_PENDING}),
    State.REOPENED: frozenset({State.ROLLBACK_PENDING}),
    State.ROLLBACK_PENDING: frozenset({State.ROLLBACK_APPROVED, State.EXECUTED, State.CLOSED, State.REOPENED}),
    # Back to where it was: the data have changed since, and the approval was for what they were.
    State.ROLLBACK_APPROVED: frozenset({State.ROLLED_BACK, State.EXECUTED, State.CLOSED, State.REOPENED}),
}
"""Which states may follow a state; one that is not here ends the bundle."""


class CaseState(StrEnum):
    """Where a case of a bundle is. Labels: :data:`CASE_STATE_LABELS`."""

    TREATING = "TREATING"
    SOLVED = "SOLVED"
    VERIFIED = "VERIFIED"
    CLOSED = "CLOSED"
    REOPENED = "REOPENED"


CASE_STATE_LABELS: Final[dict[CaseState, str]] = {
    CaseState.TREATING: "处置",
    CaseState.SOLVED: "解决",
    CaseState.VERIFIED: "验证",
    CaseState.CLOSED: "关闭",
    CaseState.REOPENED: "再打开",
}
STILL_SHOWN: Final = "T18"
"""The rule by which a night still shows what a bundle has settled; the reason of a case that it opened again begins with it."""
LIVE: Final = (CaseState.TREATING, CaseState.SOLVED, CaseState.VERIFIED)
"""States in which a case belongs to a bundle and to no other."""

_ALL_BACK: Final = dict.fromkeys(LIVE, CaseState.REOPENED)
CASES_FOLLOW: Final[dict[State, dict[CaseState, CaseState]]] = {
    State.REHEARSAL_FAILED: _ALL_BACK,
    State.REJECTED: _ALL_BACK,
    State.RETURNED: _ALL_BACK,
    State.FAILED: _ALL_BACK,
    State.VOID: _ALL_BACK,
    State.EXECUTED: {CaseState.TREATING: CaseState.SOLVED},
    State.CLOSED: {CaseState.VERIFIED: CaseState.CLOSED},
    State.REOPENED: {
        CaseState.VERIFIED: CaseState.CLOSED,
        CaseState.SOLVED: CaseState.REOPENED,
        CaseState.TREATING: CaseState.REOPENED,
    },
    State.ROLLED_BACK: {**_ALL_BACK, CaseState.CLOSED: CaseState.REOPENED},
}
"""What becomes of a bundle's cases when it reaches a state; cases in other states stay."""

ENDED: Final = frozenset(
    {
        State.REHEARSAL_FAILED,
        State.REJECTED,
        State.RETURNED,
        State.FAILED,
        State.VOID,
        State.CLOSED,
        State.REOPENED,
        State.ROLLED_BACK,
    }
)
"""States in which a bundle holds no cells any more: another bundle may change them."""


GONE: Final = frozenset({State.REJECTED, State.RETURNED, State.FAILED, State.VOID, State.REHEARSAL_FAILED})
"""States in which nothing more is done for a bundle and nothing of it was written; its cases are free."""


class Act(StrEnum):
    """What a person does to a bundle; nobody does two of a group. Labels: :data:`ACT_LABELS`."""

    PROPOSE = "PROPOSE"
    APPROVE = "APPROVE"
    APPROVE_LEADER = "APPROVE_LEADER"
    EXECUTE = "EXECUTE"
    REVIEW = "REVIEW"
    ROLLBACK_PROPOSE = "ROLLBACK_PROPOSE"
    ROLLBACK_APPROVE = "ROLLBACK_APPROVE"
    ROLLBACK_EXECUTE = "ROLLBACK_EXECUTE"


ACT_LABELS: Final[dict[Act, str]] = {
    Act.PROPOSE: "申请",
    Act.APPROVE: "业务部门审批",
    Act.APPROVE_LEADER: "分管领导审批",
    Act.EXECUTE: "执行",
    Act.REVIEW: "复核",
    Act.ROLLBACK_PROPOSE: "申请回退",
    Act.ROLLBACK_APPROVE: "审批回退",
    Act.ROLLBACK_EXECUTE: "执行回退",
}
GROUPS: Final = (
    frozenset({Act.PROPOSE, Act.APPROVE, Act.APPROVE_LEADER, Act.EXECUTE, Act.REVIEW}),
    frozenset({Act.ROLLBACK_PROPOSE, Act.ROLLBACK_APPROVE, Act.ROLLBACK_EXECUTE}),
)
"""Acts among which one person does one at most: 申请 ≠ 审批 ≠ 执行 ≠ 复核."""

_ACTS: Final[dict[tuple[State | None, State], Act]] = {
    (None, State.DRAFT): Act.PROPOSE,
    (State.PENDING, State.PENDING_LEADER): Act.APPROVE,
    (State.PENDING, State.APPROVED): Act.APPROVE,
    (State.PENDING, State.REJECTED): Act.APPROVE,
    (State.PENDING_LEADER, State.APPROVED): Act.APPROVE_LEADER,
    (State.PENDING_LEADER, State.REJECTED): Act.APPROVE_LEADER,
    (State.APPROVED, State.EXECUTING): Act.EXECUTE,
    (State.APPROVED, State.DISPATCHED): Act.EXECUTE,
    (State.EXECUTED, State.CLOSED): Act.REVIEW,
    (State.EXECUTED, State.REOPENED): Act.REVIEW,
    (State.EXECUTED, State.ROLLBACK_PENDING): Act.ROLLBACK_PROPOSE,
    (State.CLOSED, State.ROLLBACK_PENDING): Act.ROLLBACK_PROPOSE,
    (State.REOPENED, State.ROLLBACK_PENDING): Act.ROLLBACK_PROPOSE,
    (State.ROLLBACK_PENDING, State.ROLLBACK_APPROVED): Act.ROLLBACK_APPROVE,
    (State.ROLLBACK_PENDING, State.EXECUTED): Act.ROLLBACK_APPROVE,
    (State.ROLLBACK_PENDING, State.CLOSED): Act.ROLLBACK_APPROVE,
    (State.ROLLBACK_PENDING, State.REOPENED): Act.ROLLBACK_APPROVE,
    (State.ROLLBACK_APPROVED, State.ROLLED_BACK): Act.ROLLBACK_EXECUTE,
}


def may_follow(state: State, to: State) -> bool:
    """Whether a bundle may go from one state to another."""
    return to in NEXT.get(state, frozenset())


def act_of(state: State | None, to: State) -> Act | None:
    """What a person does by bringing a bundle from a state to another; None where it is no one's deed."""
    return _ACTS.get((state, to))


def clashes(act: Act, other: Act) -> bool:
    """Whether one person may not do both to one bundle."""
    return act is not other and any({act, other} <= group for group in GROUPS)
