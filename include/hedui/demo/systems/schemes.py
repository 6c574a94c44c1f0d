"""The local modules for 老农保 and 被征地 with the province's copy, and the deaths that 民政 registered."""

from __future__ import annotations

from typing import Final

from hedui.demo.systems import sheng
from hedui.demo.systems.spec import Column, Table

OLD_FARMERS, LANDLESS = "LNB", "BZD"
_OLD_ID: Final = (
    "CASE WHEN i % 2 = 0 AND length(id_number) = 18 AND substr(id_number, 7, 2) = '19' "
    "THEN substr(id_number, 1, 6) || substr(id_number, 9, 9) ELSE id_number END"
)
"""老农保 still has numbers of 15 digits."""


def _records(scheme: str, person_no: str) -> str:
    """The ideal records of a legacy scheme: what residents had there when it was taken over."""
    share = 3 if scheme == OLD_FARMERS else 2
    return f"""
        SELECT i, {person_no} AS person_no, id_number, name, '{scheme}' AS scheme, (i % 400 + 100) * 100 * {share} AS amount_fen,
            24 + i % 60 AS months_paid, '1' AS transfer_state, DATE '2012-07-01' + CAST(i % 300 AS INTEGER) AS transferred_on,
            region_of(district) AS region, kind
        FROM base_person WHERE kind = 'R'"""


def _sampled(source: str, name: str, label: str, scheme: str, person_no: str, columns: tuple[Column, ...]) -> Table:
    every = 5 if scheme == OLD_FARMERS else 7
    return Table(
        source=source, dataset="scheme_record", name=name, label=label, ideal=_records(scheme, person_no), columns=columns,
        ordinary=f"i % {every} = 0",
    )  # fmt: skip


LAONONGBAO: Final = _sampled(
    "laonongbao", "LNB", "老农保", OLD_FARMERS, "'N' || CAST(700000 + i AS VARCHAR)",
    (
        Column(name="账号", sql="person_no"),
        Column(name="身份证", sql=_OLD_ID),
        Column(name="姓名", sql="name"),
        Column(name="本息", sql="yuan(amount_fen)"),
        Column(name="月数", sql="CAST(months_paid AS VARCHAR)"),
        Column(name="是否转移", sql="CASE transfer_state WHEN '1' THEN '是' ELSE '否' END"),
        Column(name="转移日期", sql="day8(transferred_on)"),
        Column(name="区县", sql="region"),
    ),
)  # fmt: skip
BEIZHENGDI: Final = _sampled(
    "beizhengdi", "被征地", "被征地农民", LANDLESS, "'Z' || CAST(300000 + i AS VARCHAR)",
    (
        Column(name="编号", sql="person_no"),
        Column(name="公民身份号码", sql="id_number"),
        Column(name="姓名", sql="name"),
        Column(name="账户余额（元）", sql="yuan(amount_fen)"),
        Column(name="补缴月数", sql="CAST(months_paid AS VARCHAR)"),
        Column(name="状态", sql="CASE transfer_state WHEN '1' THEN '已并入' ELSE '未并入' END"),
        Column(name="并入日期", sql="CAST(transferred_on AS VARCHAR)"),
        Column(name="区划", sql="region"),
    ),
)  # fmt: skip


PROVINCE: Final = Table(
    source="sheng",
    dataset="scheme_record",
    name="DFZD",
    label="地方制度并入记录",
    ideal=f"{_records(OLD_FARMERS, sheng.PERSON_NO)} UNION ALL {_records(LANDLESS, sheng.PERSON_NO)}",
    ordinary=f"((scheme = '{OLD_FARMERS}' AND i % 5 = 0) OR (scheme = '{LANDLESS}' AND i % 7 = 0))",
    columns=(
        Column(name="GRBH", sql="person_no"),
        Column(name="ZJHM", sql="id_number"),
        Column(name="XM", sql="name"),
        Column(name="ZD", sql="CASE scheme WHEN 'LNB' THEN '01' ELSE '02' END"),
        Column(name="ZHJE", sql="CAST(amount_fen AS VARCHAR)"),
        Column(name="YS", sql="CAST(months_paid AS VARCHAR)"),
        Column(name="ZYZT", sql="CASE transfer_state WHEN '1' THEN 'Y' ELSE 'N' END"),
        Column(name="ZYRQ", sql="CAST(transferred_on AS VARCHAR)"),
        Column(name="XZQH", sql="region"),
    ),
)
DEATH: Final = Table(
    source="minzheng",
    dataset="death",
    name="SWDJ",
    label="死亡登记",
    ideal="""
        SELECT i, id_number, name, sex, death_date, death_date + 4 AS registered_on, region_of(district) AS region, kind
        FROM base_person WHERE death_date IS NOT NULL""",
    columns=(
        Column(name="SFZH", sql="id_number"),
        Column(name="XM", sql="name"),
        Column(name="XB", sql="sex"),
        Column(name="SWRQ", sql="day8(death_date)"),
        Column(name="DJRQ", sql="day8(registered_on)"),
        Column(name="XZQH", sql="region"),
    ),
)
SNAPSHOTS: Final = (LAONONGBAO, BEIZHENGDI, PROVINCE, DEATH)
