"""全国统筹系统: CSV exports handed down, UTF-8 with BOM, Chinese headers, money in yuan; only scheme 110 in enrolments."""

from __future__ import annotations

from typing import Final

from hedui.demo.systems.spec import Column, Table, enrolment_ideal, person_ideal

PERSON_NO: Final = "CAST(99000000000 + i * 13 AS VARCHAR)"
_NAME: Final = "noisy(name, i % 31, '．')"


def _day(field: str) -> str:
    return f"strftime({field}, '%Y/%m/%d')"


PERSON: Final = Table(
    source="guotong",
    dataset="person",
    name="人员基本信息",
    label="人员基本信息",
    ideal=person_ideal(person_no=PERSON_NO, id_number="id_number", name=_NAME),
    columns=(
        Column(name="个人编号", sql="person_no"),
        Column(name="证件类型", sql="id_type"),
        Column(name="证件号码", sql="id_number"),
        Column(name="社会保障号码", sql="social_security_no"),
        Column(name="姓名", sql="name"),
        Column(name="性别", sql="'0' || sex"),
        Column(name="民族", sql="ethnicity"),
        Column(name="出生日期", sql=_day("birth_date")),
        Column(name="参加工作日期", sql=_day("first_work_date")),
        Column(name="离退休日期", sql=_day("retirement_date")),
        Column(name="死亡日期", sql=_day("death_date")),
        Column(name="行政区划", sql="region"),
    ),
)
ENROLMENT: Final = Table(
    source="guotong",
    dataset="enrolment",
    name="参保信息",
    label="参保信息",
    ideal=enrolment_ideal(person_no=PERSON_NO, id_number="id_number", name=_NAME, insurances="('E', '110')"),
    columns=(
        Column(name="个人编号", sql="person_no"),
        Column(name="证件号码", sql="id_number"),
        Column(name="姓名", sql="name"),
        Column(name="参保状态", sql="enrol_state"),
        Column(name="缴费状态", sql="pay_state"),
        Column(name="首次参保年月", sql="first_month"),
        Column(name="开始日期", sql=_day("start_date")),
        Column(name="终止日期", sql=_day("end_date")),
        Column(name="统筹区", sql="pool_region"),
        Column(name="缴费基数", sql="yuan(pay_base_fen)"),
        Column(name="实际缴费月数", sql="CAST(months_paid AS VARCHAR)"),
    ),
)
SNAPSHOTS: Final = (PERSON, ENROLMENT)
