"""医保: CSV exports of the medical-insurance platform (UTF-8 with BOM) and a workbook of units."""

from __future__ import annotations

from typing import Final

from hedui.demo.systems.spec import Column, Table, enrolment_ideal, person_ideal

PERSON_NO: Final = "'Y' || CAST(5000000000 + i * 11 AS VARCHAR)"
_ID: Final = "CASE WHEN i % 37 = 0 THEN wide_digits(id_number) ELSE id_number END"
_NAME: Final = "noisy(name, i % 23, '·')"
_UNIT_NO: Final = "'YB' || CAST(3000000 + u AS VARCHAR)"

PERSON: Final = Table(
    source="yibao",
    dataset="person",
    name="psn_info_b",
    label="人员基本信息",
    ideal=person_ideal(person_no=PERSON_NO, id_number=_ID, name=_NAME),
    columns=(
        Column(name="psn_no", sql="person_no"),
        Column(name="psn_cert_type", sql="id_type"),
        Column(name="certno", sql="id_number"),
        Column(name="psn_name", sql="name"),
        Column(name="gend", sql="sex"),
        Column(name="brdy", sql="CAST(birth_date AS VARCHAR)"),
        Column(name="admdvs", sql="region"),
    ),
)
ENROLMENT: Final = Table(
    source="yibao",
    dataset="enrolment",
    name="psn_insu_d",
    label="参保信息",
    ideal=enrolment_ideal(
        person_no=PERSON_NO,
        id_number=_ID,
        name=_NAME,
        unit_no=_UNIT_NO,
        insurances="('E', '310'), ('R', '390')",
    ),
    columns=(
        Column(name="psn_no", sql="person_no"),
        Column(name="certno", sql="id_number"),
        Column(name="psn_name", sql="name"),
        Column(name="insutype", sql="insurance"),
        # One state for both: pensioners of the resident scheme (1/3) stay insured.
        Column(name="psn_insu_stas", sql="enrol_state"),
        Column(name="begndate", sql="CAST(start_date AS VARCHAR)"),
        Column(name="enddate", sql="CAST(end_date AS VARCHAR)"),
        Column(name="emp_no", sql="unit_no"),
        Column(name="poolarea_no", sql="pool_region"),
        Column(name="clctstd", sql="yuan(pay_base_fen)"),
    ),
)
UNIT: Final = Table(
    source="yibao_unit",
    dataset="unit",
    name="参保单位",
    label="医保参保单位",
    ideal=f"""
        SELECT u, {_UNIT_NO} AS unit_no, CAST(NULL AS VARCHAR) AS tax_unit_no,
            CASE WHEN u % 17 = 0 THEN lower(uscc) ELSE uscc END AS uscc,
            CASE WHEN u % 5 = 0 THEN translate(name, '（）', '()') ELSE name END AS name,
            unit_type, '1' AS unit_state, region_of(district) AS region, tax_office_of(district) AS tax_office
        FROM base_unit""",
    columns=(
        Column(name="单位编号", sql="unit_no"),
        Column(name="统一社会信用代码", sql="uscc"),
        Column(name="单位名称", sql="name"),
        Column(name="医保区划", sql="region"),
    ),
)
SNAPSHOTS: Final = (PERSON, ENROLMENT, UNIT)
