"""Samples of the rules: both results of each, and the shapes that findings are made from."""

from __future__ import annotations

import datetime as dt

from hedui.findings import fingerprint_sql
from unit.sql_samples import Samples
from unit.sql_samples.birth_rules import SAMPLES as BIRTHS
from unit.sql_samples.rule_types import SAMPLES as TYPES
from unit.sql_samples.tier_rules import SAMPLES as TIERS

DATE = dt.date(2026, 6, 3)
BOTH = ("count", "rows")
FINGERPRINT = fingerprint_sql(
    scope="scope", rule="rule", subject_key="subject_key", insurance="insurance", period="period", field="field"
)
SETTING = {
    "rule": "P01",
    "source": "shebao",
    "kind": "RULE",
    "severity": "error",
    "agency": "sb_local",
    "field": "name",
    "dataset": "person",
}
SETTING |= {"subject_type": "person", "flow": False}
SHAPE = {"key": ["person_no", "start_date"], "value": "name", "amount": "NULL", "rows": "failing", "flag": "v_P01"}
RULE = {"rule": "P01", "denominator": "TRUE", "condition": "name IS NULL"}

SAMPLES: Samples = (
    TIERS
    | BIRTHS
    | TYPES
    | {
        "rules/conditions.sql": [{}],
        "rules/counts.sql": [{"flags": "flags", "columns": ["d_P01", "v_P01"]}],
        "rules/examined.sql": [{"batch": "person", "rules": [RULE | {"grain": "row"}, RULE | {"rule": "P12", "grain": "group"}]}],
        "rules/failing_rows.sql": [{"batch": "person", "rules": [RULE, RULE | {"rule": "P03"}], "columns": ["person_no", "name"]}],
        "rules/row_shape.sql": [
            SHAPE | {"region": "region", "insurance": "insurance", "period": "period"},
            SHAPE | {"region": None, "insurance": None, "period": None},
        ],
        "rules/failing_subjects.sql": [
            {
                "shapes": [
                    {"rule": "P01", "source": "shebao", "query": "SELECT * FROM shape"},
                    {"rule": "P03", "source": "shebao", "query": "SELECT * FROM shape"},
                ],
                "raw": raw,
                "raw_columns": {"P01": "aac003"},
            }
            for raw in ("raw", None)
        ],
        "rules/findings.sql": [
            {
                "subjects": "subjects",
                "date": DATE,
                "scope": "check:person:shebao",
                "settings": [setting],
                "fingerprint": FINGERPRINT,
            }
            for setting in (SETTING, SETTING | {"flow": True, "field": None})
        ],
    }
)
