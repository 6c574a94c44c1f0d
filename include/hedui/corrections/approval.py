"""Who must decide on a bundle, who may, and which decisions do not count: 申请 ≠ 审批 ≠ 执行 ≠ 复核. Pure rules.

Airflow takes one answer from one of the people it was told of. That the same person does not decide twice, that the one who proposed does
not decide, and that a refusal says why, is checked here; what does not count is asked again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hedui.errors import HeduiError
from hedui.site.corrections import Target

SHORTEST_REASON: Final = 2


class Stage(StrEnum):
    """A decision on the way of a bundle. Labels: :data:`STAGE_LABELS`."""

    BUSINESS = "business"
    LEADER = "leader"
    REVIEW = "review"


STAGE_LABELS: Final[dict[Stage, str]] = {Stage.BUSINESS: "业务部门审批", Stage.LEADER: "分管领导审批", Stage.REVIEW: "复核"}


class NobodyMayDecideError(HeduiError):
    """Everyone whom the site names for a stage has done something else with the bundle already."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What was answered at a stage.

    Attributes:
        approved: Whether it was approved.
        by: User name; empty where nobody answered in time.
        name: What pages call them.
        at: When.
        reason: Why; a refusal needs it.
    """

    approved: bool
    by: str
    name: str = ""
    at: dt.datetime
    reason: str = ""

    @property
    def lapsed(self) -> bool:
        """Whether nobody answered in time."""
        return not self.by


def stages(target: Target, *, key_field: bool, people: int, amount_moved_fen: int) -> tuple[Stage, ...]:
    """Who must approve before anything is written, in this order.

    Args:
        target: The system, with its thresholds.
        key_field: Whether a key field changes.
        people: How many people the bundle touches.
        amount_moved_fen: Sum of the absolute differences in fen.
    """
    limits = target.thresholds
    above = key_field or people > limits.people or amount_moved_fen > limits.amount_fen
    return (Stage.BUSINESS, Stage.LEADER) if above else (Stage.BUSINESS,)


def why_leader(target: Target, *, key_field: bool, people: int, amount_moved_fen: int) -> str:
    """Why a 分管领导 signs too, in Chinese; empty where none does."""
    limits = target.thresholds
    reasons = [
        ("涉及关键字段", key_field),
        (f"人数超过 {limits.people:,}", people > limits.people),
        (f"金额超过 {yuan(limits.amount_fen)} 元", amount_moved_fen > limits.amount_fen),
    ]
    return "、".join(text for text, holds in reasons if holds)


def yuan(fen: int) -> str:
    """An amount in fen as yuan with thousands separators."""
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


def named(target: Target, stage: Stage) -> tuple[str, ...]:
    """The people whom the site names for a stage."""
    people = target.people
    return {Stage.BUSINESS: people.approvers, Stage.LEADER: people.leaders, Stage.REVIEW: people.reviewers}[stage]


def may_decide(target: Target, stage: Stage, *, done: Mapping[str, str]) -> tuple[str, ...]:
    """Who may decide: whom the site names, without those who have done something with the bundle.

    Args:
        target: The system.
        stage: The stage.
        done: What people have done with it, by user name.

    Raises:
        NobodyMayDecideError: Nobody is left.
    """
    left = tuple(user for user in named(target, stage) if user not in done)
    if not left:
        taken = "; ".join(f"{user}: {done[user]}" for user in named(target, stage) if user in done)
        raise NobodyMayDecideError(
            f"Nobody may decide at {STAGE_LABELS[stage]} of {target.id}: whom the site names has acted already ({taken}). "
            "Name more people in corrections.yaml."
        )
    return left


def objection(answer: Answer, *, allowed: tuple[str, ...], done: Mapping[str, str]) -> str:
    """Why an answer does not count, in Chinese, for the one who is asked again; empty where it counts."""
    if answer.lapsed:
        return "批准没有署名，不予采信" if answer.approved else ""
    if answer.by in done:
        return f"{answer.by} 已经手本方案（{done[answer.by]}），不得再作决定：申请、审批、执行、复核须由不同人员办理"
    if answer.by not in allowed:
        return f"{answer.by} 不是本环节的指定人员"
    if not answer.approved and len(answer.reason.strip()) < SHORTEST_REASON:
        return "驳回须写明理由"
    return ""
