"""How flows are matched beyond their first key: what a site's YAML may say below a comparison of type ``flow``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from hedui.site.base import Identifier, Model

OneSidedKind = Literal["LATE", "ONLY_LEFT", "ONLY_RIGHT", "LONG", "SHORT", "REFUND"]


class Fuzzy(Model):
    """Pairs of which the key fields do not all agree; a pair counts only where neither row has another candidate.

    Attributes:
        equal: Fields that are equal all the same; they bound the search.
        near: Text fields that may differ by so many edits.
        amount_within_fen: By how much the rows' totals may differ.
        most: Rows of one side with the same ``equal`` fields; blocks beyond it are not searched but reported.
    """

    equal: tuple[str, ...] = Field(min_length=1)
    near: dict[str, int] = {}
    amount_within_fen: int = Field(default=0, ge=0)
    most: int = Field(default=50, ge=1, le=1_000)


class FuzzyRung(Model):
    """A rung of the key ladder that compares loosely."""

    fuzzy: Fuzzy


Rung = tuple[str, ...] | FuzzyRung


class KeyMap(Model):
    """Translates a side's field through a canonical map dataset before matching, for example tax_unit_no → unit_no."""

    side: Identifier  # source id
    source: Identifier  # source of the map
    dataset: Identifier = "unit_map"
    from_field: str
    to_field: str
    rule: str = "U12"


class Reversals(Model):
    """Rows that undo another row of the same side (冲正): a pair nets to nothing before anything is matched.

    Attributes:
        flag: Field that marks a reversal; a reversal's total is below zero.
        values: The flag's values.
        serial: Field with a row's own number.
        original: Field with the number of the row that a reversal undoes.
        key: Fields by which a reversal without that number finds its original: equal fields, opposite amounts.
        rule: Rule of a reversal without original, or of one that undoes another amount.
    """

    flag: str
    values: tuple[str, ...] = Field(min_length=1)
    serial: str
    original: str
    key: tuple[str, ...] = ()
    rule: str = "R21"


class Bundles(Model):
    """One payment for several rows of the other side, and the reverse: rows of one key whose totals add up.

    All rows of a key against all rows of the other side first; then one row against a few. Where there are several ways, none is taken.

    Attributes:
        key: Fields that such rows share.
        most_rows: Rows of a key and side that are searched for a sum.
        most_parts: Rows that one row may stand for.
        rule: Rule of what could not be decided: too many rows, or several ways to make the sum.
    """

    key: tuple[str, ...] = Field(min_length=1)
    most_rows: int = Field(default=12, ge=2, le=40)
    most_parts: int = Field(default=4, ge=2, le=5)
    rule: str = "R20"


class Kinds(Model):
    """What a row without counterpart is when the window has passed: of the left side and of the right side."""

    left: OneSidedKind = "LATE"
    right: OneSidedKind = "ONLY_RIGHT"


class Originals(Model):
    """Refunds (the left side's rows) against the payments that they give back.

    Attributes:
        source, dataset: The payments; they must be a side's, or any source's flow.
        by: Field of the refund → field of the payment; the first pair whose refund field is filled decides.
        refunded: Amount fields of a refund whose sum is what is given back.
        paid: Amount fields of a payment whose sum was paid.
        paid_on: Field of the refund with the day of the original payment; those before the first date that the lake holds are not judged.
        stated: Amount field of the refund that says what was paid; it stands in where the payment itself is too old.
        missing, exceeds: Rule ids: no original; more given back in all than was paid.
    """

    source: Identifier
    dataset: Identifier = "payment"
    by: dict[str, str] = Field(min_length=1)
    refunded: tuple[str, ...] = Field(min_length=1)
    paid: tuple[str, ...] = Field(min_length=1)
    paid_on: str | None = None
    stated: str | None = None
    missing: str = "C17"
    exceeds: str = "C16"


class FlowMatching(Model):
    """The ladder of keys and what else may be declared for a flow comparison.

    Attributes:
        key: Fields that identify the same detail on both sides: the first rung.
        keys: The whole ladder instead of ``key``. A later rung sees only what earlier ones left, and pairs only rows that are alone with
            their key on both sides.
        key_maps: Translations of numbers.
        reversals, bundles, originals: See there.
        kinds: What rows without counterpart are.
    """

    key: tuple[str, ...] = ()
    keys: tuple[Rung, ...] = ()
    key_maps: tuple[KeyMap, ...] = ()
    reversals: Reversals | None = None
    bundles: Bundles | None = None
    originals: Originals | None = None
    kinds: Kinds = Kinds()

    @model_validator(mode="before")
    @classmethod
    def _ladder(cls, data: object) -> object:
        if not isinstance(data, dict):
            return data
        keys, key = data.get("keys"), data.get("key")
        if not keys and not key:
            raise ValueError("key is missing: name the fields that identify a row, or a ladder of them under keys")
        if not keys:
            return data
        if not isinstance(keys, (list, tuple)) or not isinstance(keys[0], (list, tuple)) or not keys[0]:
            raise ValueError("keys begins with a list of fields; looser rungs follow it")
        if key and list(key) != list(keys[0]):
            raise ValueError("key and keys are both given; keep keys")
        return {**data, "key": keys[0]}

    @property
    def later_rungs(self) -> tuple[Rung, ...]:
        """The rungs after the first."""
        return self.keys[1:]
