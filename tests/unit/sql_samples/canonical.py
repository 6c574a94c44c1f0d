"""Samples of the conversion: a dataset with a field of every kind, as the demo site's levies are."""

from __future__ import annotations

import datetime as dt

from hedui.canonical.plan import BLANKS, field_plans
from hedui.canonical.schemas import dataset
from hedui.findings import fingerprint_sql
from hedui.site.models import CodeRow, SourceDataset
from unit.sql_samples import Samples

CODES = {
    "insurance": (CodeRow(code="1", canonical="110", label="养老"),),
    "type": (CodeRow(insurance="110", code="1", canonical="10", label="正常"),),
}
SPEC = SourceDataset.model_validate(
    {
        "table": "ac43",
        "columns": {
            "levy_no": {"from": "aaz288", "required": True},
            "insurance": {"from": "aae140", "codes": "insurance"},
            "payment_type": {"from": "aaa115", "codes": "type"},
            "person_no": {"from": "aac001", "normalise": "none"},
            "id_number": {"from": "aac147", "normalise": "id_number"},
            "unit_no": {"from": "aab001", "normalise": "unit_name"},
            "pool_region": {"const": "990100"},
            "agency_code": {"from": "aab034", "normalise": "person_name"},
            "period": {"from": "aae003", "normalise": "code"},
            "pay_base_fen": {"from": "aae180", "unit": "yuan"},
            "unit_due_fen": {"from": "aae021", "unit": "fen"},
            "unit_rate": {"from": "aaa042"},
            "levy_date": {"from": "aae036", "format": "%Y%m%d"},
        },
    }
)
COLUMNS = [column.column for column in SPEC.columns.values() if column.column]
FIELDS = field_plans(dataset=dataset("levy"), spec=SPEC, columns=COLUMNS, codes=CODES)
REFUSABLE = [field for field in FIELDS if field.column is not None and (field.fallible or field.required)]
FINGERPRINT = fingerprint_sql(scope="'arrival:x'", rule="'B12'", subject_key="'x'", insurance="NULL", period="NULL", field="NULL")

SAMPLES: Samples = {
    "canonical/arrival.sql": [
        {
            "date": dt.date(2026, 6, 3),
            "source": "x",
            "agency": "a",
            "severity": "error",
            "missing": missing,
            "evidence": "{}",
            "fingerprint": FINGERPRINT,
        }
        for missing in (True, False)
    ],
    "canonical/cleaned.sql": [{"relation": "raw", "fields": FIELDS, "columns": COLUMNS, "blanks": BLANKS}],
    "canonical/typed.sql": [{"fields": FIELDS, "columns": COLUMNS, "insurance": '"k_insurance".canonical'}],
    "canonical/data.sql": [{"fields": FIELDS}],
    "canonical/rejects.sql": [{"fields": REFUSABLE, "columns": COLUMNS}],
    "canonical/unreadable.sql": [{"relation": "bad"}],
    "canonical/totals.sql": [{"relation": "levy", "amounts": ["unit_due_fen", "person_due_fen"]}],
}
