"""省集中系统: nightly full exports, GB18030, separated by |, the province's own numbers and codes, money in fen."""

from __future__ import annotations

from typing import Final

from hedui.demo.systems.spec import Column, Table, enrolment_ideal, person_ideal

PERSON_NO: Final = "'S' || CAST(360000000 + i * 3 AS VARCHAR)"
_ID: Final = "CASE WHEN i % 3 = 0 THEN lower(id_number) ELSE id_number END"
_NAME: Final = "noisy(name, i % 29, '•')"
_UNIT_NO: Final = "'P' || CAST(70000000 + u AS VARCHAR)"

PERSON: Final = Table(
    source="sheng",
    dataset="person",
    name="RYXX",
    label="人员信息",
    ideal=person_ideal(person_no=PERSON_NO, id_number=_ID, name=_NAME, unit_no=_UNIT_NO),
    columns=(
        Column(name="GRBH", sql="person_no"),
        Column(name="ZJLX", sql="CASE id_type WHEN '01' THEN '1' WHEN '03' THEN '3' ELSE id_type END"),
        Column(name="ZJHM", sql="id_number"),
        Column(name="SHBZH", sql="social_security_no"),
        Column(name="XM", sql="name"),
        Column(name="XB", sql="CASE sex WHEN '1' THEN '男' WHEN '2' THEN '女' ELSE sex END"),
        Column(name="MZ", sql="CASE ethnicity WHEN '01' THEN 'HA' WHEN '02' THEN 'MG' WHEN '03' THEN 'HU' ELSE 'MA' END"),
        Column(name="CSRQ", sql="CAST(birth_date AS VARCHAR)"),
        Column(name="CJGZRQ", sql="CAST(first_work_date AS VARCHAR)"),
        Column(name="LTXRQ", sql="CAST(retirement_date AS VARCHAR)"),
        Column(name="SWRQ", sql="CAST(death_date AS VARCHAR)"),
        Column(name="DWBH", sql="unit_no"),
        Column(name="XZQH", sql="region"),
    ),
)
ENROLMENT: Final = Table(
    source="sheng",
    dataset="enrolment",
    name="CBXX",
    label="参保信息",
    ideal=enrolment_ideal(
        person_no=PERSON_NO,
        id_number=_ID,
        name=_NAME,
        unit_no=_UNIT_NO,
        insurances="('E', '110'), ('E', '210'), ('E', '410'), ('R', '150')",
    ),
    columns=(
        Column(name="GRBH", sql="person_no"),
        Column(name="ZJHM", sql="id_number"),
        Column(name="XM", sql="name"),
        Column(
            name="XZ",
            sql="CASE insurance WHEN '110' THEN 'A1' WHEN '150' THEN 'A5' WHEN '210' THEN 'B1' WHEN '410' THEN 'D1' ELSE insurance END",
        ),
        Column(name="CBZT", sql="'0' || enrol_state"),
        Column(name="JFZT", sql="pay_state || '0'"),
        Column(name="SCCBNY", sql="first_month"),
        Column(name="KSRQ", sql="CAST(start_date AS VARCHAR)"),
        Column(name="ZZRQ", sql="CAST(end_date AS VARCHAR)"),
        Column(name="DWBH", sql="unit_no"),
        Column(name="TCQ", sql="pool_region"),
        Column(name="JFJS", sql="CAST(pay_base_fen AS VARCHAR)"),
        Column(name="LJYS", sql="CAST(months_paid AS VARCHAR)"),
    ),
)
SNAPSHOTS: Final = (PERSON, ENROLMENT)
