"""Raw text to canonical values, checked against a second computation in Python."""

from __future__ import annotations

import datetime as dt
import json
import re
import unicodedata
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hedui import engine
from hedui.canonical.convert import RawRelation, convert, prepare
from hedui.canonical.plan import code_entries, field_plans
from hedui.canonical.schemas import dataset
from hedui.errors import ConservationError
from hedui.lake import Lake, Partition
from hedui.site.models import CodeRow, SourceDataset

DATE = dt.date(2026, 6, 3)
AT_ONCE = 60


class Converter:
    """Converts one column of texts as one field of one dataset."""

    def __init__(self, folder: Path) -> None:
        self.lake = Lake(str(folder))
        self.folder = folder
        self.rejects_schema = pa.schema([])

    def __call__(
        self, values: list[str | None], *, field: str, of: str, tables: dict[str, list[dict[str, str]]] | None = None, **column: Any
    ) -> tuple[list[Any], list[tuple[int, str, str]]]:
        """Values by record (rejected ones are Ellipsis), and the rejects."""
        table = {"x": values}
        spec = SourceDataset.model_validate({"table": "t", "columns": {field: {"from": "x", **column}}})
        rows, rejects = self.convert(table, spec=spec, of=of, codes=tables)
        found = {row["source_row"]: row[field] for row in rows}
        reasons = [(row["source_row"], row["raw_value"], row["reason"]) for row in rejects]
        return [found.get(number, ...) for number in range(1, len(values) + 1)], reasons

    def convert(
        self,
        table: dict[str, list[str | None]],
        *,
        spec: SourceDataset,
        of: str,
        codes: dict[str, list[dict[str, str]]] | None = None,
        lost: int = 0,
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        count = len(next(iter(table.values())))
        columns = list(table)
        raw = pa.table(
            [*(pa.array(values, pa.string()) for values in table.values()), pa.array(range(1, count + 1), pa.int64())],
            names=[*columns, "source_row"],
        )
        file = self.folder / "raw.parquet"
        pq.write_table(raw, file)
        tables = {name: tuple(CodeRow.model_validate(row) for row in rows) for name, rows in (codes or {}).items()}
        partition = Partition(layer="canonical", parts=(of, "s"), date=DATE)
        with engine.connect(threads=1) as connection, self.lake.writer(partition) as writer:
            prepare(connection, code_entries(codes=tables, source="s", date=DATE))
            convert(
                connection=connection,
                lake=self.lake,
                writer=writer,
                dataset=dataset(of),
                plans=field_plans(dataset=dataset(of), spec=spec, columns=columns, codes=tables),
                raw=RawRelation(data=[str(file)], bad=[], columns=columns, records=count, source_rows=count + lost),
            )
            files = {name: next((self.folder / partition.path).glob(f"v-*/{name}-*.parquet")) for name in ("data", "rejects")}
            data, rejects = (pq.ParquetFile(file).read() for file in files.values())
            self.rejects_schema = rejects.schema
            return data.to_pylist(), rejects.to_pylist()


@pytest.fixture
def converter(tmp_path):
    return Converter(tmp_path)


def fen(text: str) -> int | None:
    """Decimal text in yuan as fen, or None where it is none."""
    if not re.fullmatch(r"[+-]?[0-9]{1,16}(\.[0-9]+)?", text):
        return None
    cents = Decimal(text) * 100
    return int(cents) if cents == cents.to_integral_value() else None


AMOUNTS = st.one_of(
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**16), max_value=10**16, places=2).map(
        lambda d: format(d, "f")
    ),
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-100, max_value=100, places=4).map(lambda d: format(d, "f")),
    st.from_regex(r"[+-]?[0-9]{0,18}[.,]?[0-9]{0,4}", fullmatch=True),
    st.text("0123456789.,-+eE_ 　￥元", max_size=8),
)
SETTINGS = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
BLANKS = " \t\r\n\f\v\u00a0\u3000\u200b\ufeff"


@SETTINGS
@given(values=st.lists(AMOUNTS, min_size=1, max_size=AT_ONCE))
@example(
    values=["0.1", "0.10", "0.100", "-0.00", "+7", "1e3", "1_000", "NaN", "inf", ".5", "5.", "", " 1.00 ", "9999999999999999.99"]
)
@example(values=["1,000.00", "￥1", "1.005", "１", "12.3.4", "--1", "0x10", "99999999999999999", "0.0000000000000000000000001"])
def test_yuan_become_fen_exactly(converter, values):
    found, rejects = converter(values, field="unit_paid_fen", of="payment", unit="yuan")

    stripped = [value.strip(BLANKS) for value in values]
    assert found == [None if not text else fen(text) if fen(text) is not None else ... for text in stripped]
    assert [number for number, _, _ in rejects] == [number for number, value in enumerate(found, 1) if value is ...]
    assert [raw for _, raw, _ in rejects] == [values[number - 1] for number, _, _ in rejects], "rejects show what was received"


@pytest.mark.parametrize(
    ("value", "unit", "fen", "reason"),
    [
        pytest.param("12345", "fen", 12345, None, id="fen"),
        pytest.param("12345.00", "fen", 12345, None, id="fen of a numeric column"),
        pytest.param("123.45", "fen", ..., "金额不是整数分或数字过大", id="yuan where fen are declared"),
        pytest.param("1.005", "yuan", ..., "金额小数超过两位或数字过大", id="thousandths"),
        pytest.param("1,000", "yuan", ..., "不是金额", id="thousands separator"),
        pytest.param("12345678901234567", "yuan", ..., "金额小数超过两位或数字过大", id="more than BIGINT holds"),
    ],
)
def test_money(converter, value, unit, fen, reason):
    found, rejects = converter([value], field="pay_base_fen", of="levy", unit=unit)

    assert found == [fen]
    assert [text for _, _, text in rejects] == ([reason] if reason else [])


DATES = st.one_of(
    st.dates().map(str),
    st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", fullmatch=True),
    st.from_regex(r"(19|20)[0-9]{2}-(0[0-9]|1[0-3])-[0-3][0-9]", fullmatch=True),
    st.text("0123456789-/ ", max_size=11),
)


@SETTINGS
@given(
    values=st.lists(DATES, min_size=1, max_size=AT_ONCE), form=st.sampled_from(["%Y-%m-%d", "%Y%m%d", "%d.%m.%Y", "%Y年%m月%d日"])
)
@example(values=["2026-02-30", "2024-02-29", "2023-02-29", "0000-01-01", "0001-01-01", "9999-12-31", "2026-6-3"], form="%Y-%m-%d")
@example(values=["20260603", "2026-06-03", " 20260603　", "２０２６０６０３", "202606031", "00000000"], form="%Y%m%d")
def test_dates_read_back_as_themselves(converter, values, form):
    def reference(text: str) -> Any:
        text = text.strip(BLANKS)
        if not text:
            return None
        try:
            day = dt.datetime.strptime(text, form).date()
        except ValueError:
            return ...
        parts = {"%Y": f"{day.year:04d}", "%m": f"{day.month:02d}", "%d": f"{day.day:02d}"}
        return day if re.sub(r"%.", lambda part: parts[part[0]], form) == text else ...

    shown = [value.replace("-", "") if form == "%Y%m%d" else value for value in values]
    shown += [
        form.replace("%Y", value[:4]).replace("%m", value[5:7]).replace("%d", value[8:])
        for value in values
        if value.count("-") == 2
    ]
    found, rejects = converter(shown, field="birth_date", of="person", format=form)

    assert found == [reference(text) for text in shown]
    assert len(rejects) == found.count(...)


def test_dates_with_a_time(converter):
    values = ["2026-06-03 23:59:59", "2026-06-03 24:00:00", "2026-06-03"]

    found, rejects = converter(values, field="birth_date", of="person", format="%Y-%m-%d %H:%M:%S")

    assert found == [DATE, ..., ...]
    assert rejects[0] == (2, "2026-06-03 24:00:00", "日期不存在或不符合格式 %Y-%m-%d %H:%M:%S")


def test_whole_numbers_and_rates(converter):
    assert converter(["12", "012", "-3", "4.0", "4.5", "十二", "1e2", " "], field="months_paid", of="enrolment")[0] == [
        12, 12, -3, 4, ..., ..., ..., None,
    ]  # fmt: skip
    assert converter(["999999999.999999"], field="unit_rate", of="levy")[0] == [999999999999999]
    assert converter(["0.16", "0.008", "1", "0.0000001", "16%", "-0.1", ".5"], field="unit_rate", of="levy")[0] == [
        160000, 8000, 1000000, ..., ..., ..., ...,
    ]  # fmt: skip


def check_digit(digits: str) -> str:
    """GB 11643: sum of digits by 2 to the power of their places, modulo 11."""
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(digits))
    return "10X98765432"[total % 11]


@SETTINGS
@given(numbers=st.lists(st.from_regex(r"[0-9]{15}", fullmatch=True), min_size=1, max_size=AT_ONCE))
def test_15_digits_become_18(converter, numbers):
    found, _ = converter(numbers, field="id_number", of="person", normalise="id_number")

    longer = [f"{number[:6]}19{number[6:]}" for number in numbers]
    assert found == [digits + check_digit(digits) for digits in longer]


@pytest.mark.parametrize(
    ("normaliser", "value", "clean"),
    [
        pytest.param("none", " a ", " a ", id="none keeps blanks"),
        pytest.param("none", " 　", None, id="none: nothing but blanks"),
        pytest.param("trim", "　 a b\u00a0\t", "a b", id="trim"),
        pytest.param("trim", "ａ", "ａ", id="trim keeps full width"),
        pytest.param("id_number", " ９９０101 19900101 001ｘ", "99010119900101001X", id="id number"),
        pytest.param("id_number", "E1234567", "E1234567", id="passport"),
        pytest.param("person_name", "阿不都・热合曼", "阿不都·热合曼", id="katakana dot"),
        pytest.param("person_name", "阿不都•热 合曼", "阿不都·热合曼", id="bullet and blank"),
        pytest.param("person_name", "阿不都．热合曼", "阿不都·热合曼", id="full-width full stop"),
        pytest.param("person_name", "阿不都･热合曼", "阿不都·热合曼", id="half-width katakana dot"),
        pytest.param("person_name", "金\uf90a", "金金", id="compatibility ideograph"),
        pytest.param("person_name", "𠮷㐂", "𠮷㐂", id="rare ideographs"),
        pytest.param("person_name", "王\u200b五\ufeff", "王五", id="invisible characters"),
        pytest.param("unit_name", "和对（中国） 有限公司", "和对(中国)有限公司", id="full-width brackets"),
        pytest.param("unit_name", "和对【中国】〔一〕", "和对(中国)(一)", id="other brackets"),
        pytest.param("code", " ０１ ", "01", id="code"),
        pytest.param("upper", "91a b", "91AB", id="upper"),
        pytest.param("upper", "\u3000\u200b", None, id="nothing left"),
    ],
)
def test_normalisers(converter, normaliser, value, clean):
    assert converter([value, None, ""], field="name", of="person", normalise=normaliser)[0] == [clean, None, None]


@SETTINGS
@given(values=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=10), min_size=1, max_size=AT_ONCE))
def test_names_are_nfkc_without_blanks(converter, values):
    def reference(text: str) -> str | None:
        text = unicodedata.normalize("NFKC", text)
        text = re.sub("[\t\n\f\r \u00a0\u180e\u200b-\u200d\u2060\u3000\ufeff]", "", text)
        return re.sub("[.•‧∙⋅●・᛫⸱ꞏ]", "·", text) or None

    found, _ = converter(values, field="name", of="person", normalise="person_name")

    assert found == [reference(value) for value in values]


SEX = [
    {"code": "1", "canonical": "1", "label": "男"},
    {"code": "9", "canonical": "9", "label": "未知"},
    {"source": "s", "code": "M", "canonical": "1", "label": "男"},
    {"source": "s", "code": "9", "canonical": "2", "label": "旧", "valid_to": "2026-06-02"},
    {"source": "other", "code": "W", "canonical": "2", "label": "女"},
    {"source": "s", "code": "N", "canonical": "2", "label": "明天起", "valid_from": "2026-06-04"},
]


def test_codes(converter):
    found, rejects = converter(["1", " M ", "9", "W", "N", "男", None], field="sex", of="person", tables={"sex": SEX}, codes="sex")
    assert found == ["1", "1", "?9", "?W", "?N", "?男", None]
    assert rejects == []


def test_required_and_several_bad_values_of_one_row(converter):
    spec = SourceDataset.model_validate(
        {
            "table": "t",
            "columns": {
                "person_no": {"from": "号", "required": True},
                "birth_date": {"from": "生日"},
                "death_date": {"from": "生日"},
                "sex": {"const": "1"},
            },
        }
    )
    table = {"号": ["a", " ", "c"], "生日": ["2026-06-03", "x", ""], "备注": ['"', "二", None]}

    rows, rejects = converter.convert(table, spec=spec, of="person")

    assert [(row["person_no"], row["birth_date"], row["sex"], row["source_row"]) for row in rows] == [
        ("a", DATE, "1", 1),
        ("c", None, "1", 3),
    ]
    assert [(row["source_row"], row["field"], row["raw_column"], row["raw_value"]) for row in rejects] == [
        (2, "birth_date", "生日", "x"),
        (2, "death_date", "生日", "x"),
        (2, "person_no", "号", " "),
    ]
    assert json.loads(rejects[0]["raw"]) == {"号": " ", "生日": "x", "备注": "二"}


def test_columns_are_the_dataset_in_its_order(converter):
    spec = SourceDataset.model_validate({"table": "t", "columns": {"unit_no": {"from": "u"}}})

    rows, _ = converter.convert({"u": ["1"]}, spec=spec, of="levy")

    assert list(rows[0]) == [*dataset("levy").fields, "source_row"]


def test_rows_that_go_missing_fail_the_run(converter):
    spec = SourceDataset.model_validate({"table": "t", "columns": {"unit_no": {"from": "u"}}})

    with pytest.raises(ConservationError, match="3 records were received, but 2 canonical rows and 0 rejected records make 2"):
        converter.convert({"u": ["1", "2"]}, spec=spec, of="levy", lost=1)


@pytest.mark.parametrize("values", [pytest.param(["1"], id="no reject"), pytest.param(["x"], id="a reject")])
def test_rejects_have_the_same_columns_with_and_without_rows(converter, values):
    converter(values, field="months_paid", of="enrolment")

    assert [(field.name, str(field.type)) for field in converter.rejects_schema] == [
        ("source_row", "int64"),
        ("field", "string"),
        ("raw_column", "string"),
        ("raw_value", "string"),
        ("reason", "string"),
        ("raw", "string"),
    ]


@pytest.mark.parametrize(
    ("text", "format_", "expected"),
    [
        pytest.param("2026-06-03 08:15:30", "%Y-%m-%d %H:%M:%S", dt.datetime(2026, 6, 3, 8, 15, 30), id="to the second"),
        pytest.param("20260603T0815", "%Y%m%dT%H%M", dt.datetime(2026, 6, 3, 8, 15), id="to the minute"),
        pytest.param("2026-06-31 08:15:30", "%Y-%m-%d %H:%M:%S", ..., id="no such day"),
        pytest.param("2026-06-03 24:00:00", "%Y-%m-%d %H:%M:%S", ..., id="no such hour"),
        pytest.param("2026-06-03", "%Y-%m-%d %H:%M:%S", ..., id="without the time"),
    ],
)
def test_times_keep_the_time_of_day(converter: Converter, text: str, format_: str, expected: Any) -> None:
    values, rejects = converter([text], field="birth_time", of="birth", format=format_)
    assert values == [expected]
    assert bool(rejects) == (expected is ...)


def test_a_date_may_come_from_a_time(converter: Converter) -> None:
    values, _ = converter(["2026-06-03 23:59:59"], field="birth_date", of="birth", format="%Y-%m-%d %H:%M:%S")
    assert values == [dt.date(2026, 6, 3)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("50.5", Decimal("50.5"), id="one decimal"),
        pytest.param("50", Decimal("50"), id="none"),
        pytest.param("50.1000", Decimal("50.1"), id="zeros after the third"),
        pytest.param("50.1234", ..., id="too many"),
        pytest.param("50cm", ..., id="a unit"),
    ],
)
def test_measures_are_exact(converter: Converter, text: str, expected: Any) -> None:
    values, rejects = converter([text], field="length_cm", of="birth")
    assert values == [expected]
    assert bool(rejects) == (expected is ...)
