"""What can go wrong with corrections; each part derives its own errors from these."""

from __future__ import annotations

from hedui.errors import HeduiError, LedgerError


class CorrectionError(HeduiError):
    """A bundle cannot be planned, frozen, rehearsed, executed or proven."""


class BundleChangedError(CorrectionError):
    """A frozen bundle is not what it was: a file differs from its digest, or another bundle of the same name was applied."""


class BundleStateError(LedgerError):
    """A bundle is in a state from which the wanted step does not lead on."""


class FourEyesError(LedgerError):
    """A person has done something else to the bundle already: 申请 ≠ 审批 ≠ 执行 ≠ 复核."""


class CaseTakenError(LedgerError):
    """A case or cell belongs to another bundle that is not finished."""
