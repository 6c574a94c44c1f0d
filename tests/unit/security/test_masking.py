from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import string
from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hedui.errors import HeduiError
from hedui.security import masking
from hedui.security.masking_sql import SqlMasks, prepare_pseudonyms, pseudonym_sql

AT = dt.date(2026, 6, 5)
MASKS = SqlMasks(at=AT)
SOURCES = ("shebao", "sheng")

TEXTS = st.text(alphabet=string.digits + "X*x-/.: 张王市县省区a" + "\U00020bb7" + "'\"\\\n", max_size=24)
IDS = st.from_regex(r"99[0-9]{4}(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|1[0-9])[0-9]{3}[0-9X]", fullmatch=True)
VALUES = st.none() | TEXTS | IDS | st.builds(lambda a, b: f"{a}/{b}", TEXTS, TEXTS) | st.dates().map(str)


@pytest.fixture(scope="module")
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


@pytest.mark.parametrize(
    ("mask", "value", "expected"),
    [
        pytest.param(masking.mask_name, "张三丰", "张**", id="name"),
        pytest.param(masking.mask_name, "张", "*", id="name-of-one-character"),
        pytest.param(masking.mask_name, "", "", id="name-empty"),
        pytest.param(masking.mask_name, None, None, id="name-null"),
        pytest.param(masking.mask_id_number, "990101199001011234", "990***********1234", id="id-18"),
        pytest.param(masking.mask_id_number, "990101900101123", "990********1123", id="id-15"),
        pytest.param(masking.mask_id_number, "A1234567", "****4567", id="passport"),
        pytest.param(masking.mask_phone, "13812340000", "138****0000", id="mobile"),
        pytest.param(masking.mask_phone, "0571-8888", "*****8888", id="landline"),
        pytest.param(masking.mask_card, "6222021234567890", "************7890", id="card"),
        pytest.param(masking.mask_card, "123", "**3", id="card-short"),
        pytest.param(masking.mask_certificate, "X123456123", "X******123", id="certificate"),
        pytest.param(masking.mask_address, "某省某某市某某县文一路8号", "某省某某市某某县****", id="address"),
        pytest.param(masking.mask_address, "某某市东湖区张三家", "某某市东湖区****", id="address-city"),
        pytest.param(masking.mask_address, "张三家的小区8幢", "****", id="address-without-province"),
        pytest.param(masking.mask_key, "990101199001011234", "990***********1234", id="key-id"),
        pytest.param(masking.mask_key, "L2026060001/1000012345", "****0001/****2345", id="key-parts"),
        pytest.param(masking.mask_key, "no:1000012345", "no:****2345", id="key-unusable"),
        pytest.param(masking.mask_key, "123456/12", "****56/****", id="key-short"),
        pytest.param(masking.mask_text, "990101199001011234001", "990***********1234001", id="sole-trader"),
        pytest.param(masking.mask_text, "91990100999999999X", "91990100999999999X", id="credit-code"),
    ],
)
def test_default_profile(mask, value, expected) -> None:
    assert mask(value) == expected


@pytest.mark.parametrize(
    ("value", "at", "expected"),
    [
        pytest.param("1990-05-17", AT, "1990-05-**", id="adult"),
        pytest.param("19900517", AT, "1990-05-**", id="adult-compact"),
        pytest.param("1990年5月7日", AT, "1990-05-**", id="adult-chinese"),
        pytest.param(dt.date(1990, 5, 17), AT, "1990-05-**", id="adult-date"),
        pytest.param("2008-06-05", AT, "2008-06-**", id="eighteen-today"),
        pytest.param("2008-06-06", AT, "2008-**", id="eighteen-tomorrow"),
        pytest.param("1990-05-17", None, "1990-**", id="day-unknown"),
        pytest.param("五月", AT, "****", id="no-date"),
        pytest.param(None, AT, None, id="null"),
    ],
)
def test_birth_date_shows_the_month_of_adults_only(value, at, expected) -> None:
    assert masking.mask_birth_date(value, at=at) == expected


@pytest.mark.parametrize("name", ["name", "id_number", "phone", "card", "certificate", "address", "birth_date", "key", "text"])
@settings(max_examples=80, deadline=None)
@given(value=VALUES)
@example(value="张")
@example(value="")
@example(value="990101199001011234")
@example(value="990101199001011234\n")
@example(value="1990-05-17")
@example(value="某省某某市某某县文一路8号")
def test_sql_and_python_agree(duck, name, value) -> None:
    function = getattr(masking, f"mask_{name}")
    expected = function(value, at=AT) if name == "birth_date" else function(value)
    assert duck.execute(f"SELECT {getattr(MASKS, name)('v')} FROM (SELECT ?::VARCHAR AS v)", [value]).fetchone() == (expected,)


@settings(max_examples=60, deadline=None)
@given(
    field=st.sampled_from([None, *masking.PERSON_FIELDS, "sex"]),
    subject_type=st.sampled_from(["person", "unit", "group"]),
    values=st.dictionaries(st.sampled_from(SOURCES), VALUES),
    key=VALUES,
)
def test_side_values_and_subject_in_sql_and_python_agree(duck, field, subject_type, values, key) -> None:
    text = json.dumps(values, ensure_ascii=False)
    sides = MASKS.side_values("v", field="f", subject_type="s", sources=SOURCES)
    got = duck.execute(
        f"SELECT {sides}, {MASKS.subject_key('s', 'k')} FROM (SELECT ?::VARCHAR v, ?::VARCHAR f, ?::VARCHAR s, ?::VARCHAR k)",
        [text, field, subject_type, key],
    ).fetchone()
    assert json.loads(got[0]) == json.loads(masking.mask_side_values(text, field=field, subject_type=subject_type, at=AT))
    assert got[1] == masking.mask_subject_key(subject_type, key)


def test_side_values_hide_what_is_nested_and_what_is_broken() -> None:
    nested = '{"shebao":{"name":"张三丰","id_number":"990101199001011234","rows":[1,2]}}'
    assert masking.mask_side_values(nested, field=None, subject_type="person") == (
        '{"shebao":{"name":"张**","id_number":"990***********1234","rows":[1,2]}}'
    )
    assert masking.mask_side_values('{"shebao":"张三', field="name", subject_type="person") == "{}"
    assert masking.mask_side_values('["张三"]', field="name", subject_type="person") == "{}"
    assert masking.mask_side_values('{"shebao":990101199001011234}', field="id_number", subject_type="person") == (
        '{"shebao":"990***********1234"}'
    )


def test_unit_names_are_shown_and_person_names_are_not() -> None:
    values = '{"shebao":"和对机械厂"}'
    assert masking.mask_side_values(values, field="name", subject_type="unit") == values
    assert masking.mask_side_values(values, field="name", subject_type="person") == '{"shebao":"和****"}'


@settings(max_examples=100, deadline=None)
@given(value=st.text(alphabet=string.digits + "/X", min_size=1, max_size=40))
def test_a_masked_key_never_shows_more_than_seven_of_fifteen_characters(value) -> None:
    for part, shown in zip(value.split("/"), masking.mask_key(value).split("/"), strict=True):
        assert sum(character != "*" for character in shown) <= max(len(part) // 2, 7 if len(part) in (15, 18) else 0)


@pytest.mark.parametrize("secret", ["0123456789abcdef", "k" * 64, "long " * 30], ids=["short", "block", "long"])
@settings(max_examples=20, deadline=None)
@given(value=st.text(max_size=20))
def test_pseudonym_is_hmac_sha256_in_sql_and_python(duck, secret, value) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEDUI_MASK_KEY", secret)
        prepare_pseudonyms(duck)
        expected = hmac.digest(secret.encode(), value.encode(), hashlib.sha256).hex()[:16]
        assert masking.pseudonym(value) == expected
        assert duck.execute(f"SELECT {pseudonym_sql('v')} FROM (SELECT ?::VARCHAR AS v)", [value]).fetchone() == (expected,)


def test_without_a_secret_there_is_no_pseudonym(duck, monkeypatch) -> None:
    monkeypatch.delenv("HEDUI_MASK_KEY", raising=False)
    prepare_pseudonyms(duck)
    assert masking.pseudonym("990101199001011234") is None
    assert duck.execute(f"SELECT {pseudonym_sql(chr(39) + 'x' + chr(39))}").fetchone() == (None,)


def test_a_short_secret_is_refused_without_being_shown(monkeypatch) -> None:
    monkeypatch.setenv("HEDUI_MASK_KEY", "geheim")
    with pytest.raises(HeduiError, match="6 characters") as caught:
        masking.pseudonym("x")
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize("dataset", ["birth", "fertility_registration", "household", "health_record", "floating_person"])
def test_every_field_that_the_reports_to_padis_mask_is_masked_in_workbooks(dataset: str) -> None:
    from hedui.canonical.schemas import datasets
    from hedui.padis.fields import kinds

    masked = {name for kind in kinds().values() for name, field in kind.fields.items() if field.mask}
    personal = masked | {"birth_date", "id_number", "name", "phone"}
    assert {name for name in datasets()[dataset].fields if name in personal} <= set(masking.PERSON_FIELDS)


def test_a_newborn_shows_neither_name_nor_day_of_birth_nor_number() -> None:
    values = {
        "child_name": "张小三",
        "birth_time": "2026-05-08 06:39:14",
        "birth_date": "2026-05-08",
        "certificate_no": "T990000002",
        "mother_id_number": "990104199004215000",
        "birth_place": "东和省和对市北塘区建设路73号",
    }
    shown = {name: masking.mask_field(name, value, subject_type="person", at=AT) for name, value in values.items()}
    assert shown == {
        "child_name": "张**",
        "birth_time": "2026-**",
        "birth_date": "2026-**",
        "certificate_no": "T******002",
        "mother_id_number": "990***********5000",
        "birth_place": "东和省和对市北塘区****",
    }
