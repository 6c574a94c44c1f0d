from __future__ import annotations

import csv
import datetime as dt
import re
from collections import Counter
from collections.abc import Callable

import openpyxl
import psycopg
import pytest

from hedui.demo.build import build_demo
from hedui.demo.planting import DATES
from hedui.demo.writers import connect_postgres
from tests.integration.demo.conftest import Built

TABLES = {
    "shebao": ["ac01", "ab01", "ac02", "ac43", "ac44", "ac44_lh", "ac45", "dzdj", "ac50", "ac51", "ac60", "aa26", "czyqx", "tjyb"],
    "shuiwu": ["swdj101", "swdj102", "jfxx101", "jfxx102", "dzxx101"],
}
ID_NUMBER = re.compile(
    r"[ 　]*(99[0-9]{10,17}[Xx]?|99[0-9]+A[0-9]+[0-9X]|E99[0-9]{7,17}|0{18}|1{18}|9{18}|000000[0-9]{8}0000)[ 　]*"
)
"""Made-up numbers of prefix 99, passports that do not exist, and planted placeholders."""


def table_digest(connection: psycopg.Connection[tuple[object, ...]], schema: str, table: str) -> tuple[object, ...]:
    text = f"SELECT count(*), md5(string_agg(md5(t::text), '' ORDER BY t::text)) FROM {schema}.{table} t"
    return connection.execute(text.encode()).fetchone() or ()


def test_the_same_seed_gives_the_same_bytes_and_tables(world: Built, new_world: Callable[[], Built]) -> None:
    again = new_world()
    assert again.file_digests() == world.file_digests()
    with connect_postgres(again.url) as one, connect_postgres(world.url) as other:
        for schema, tables in TABLES.items():
            for table in tables:
                assert table_digest(one, schema, table) == table_digest(other, schema, table)


def test_building_again_replaces_files_and_tables(new_world: Callable[[], Built]) -> None:
    world = new_world()
    stale = world.out / "guotong" / "2026-06-04" / "人员基本信息.csv"
    stale.parent.mkdir()
    stale.write_text("stale")
    before = {name: digest for name, digest in world.file_digests().items() if "2026-06-04" not in name}
    build_demo(persons=2000, seed=5, out=world.out, urls={"shebao_db": world.url, "shuiwu_db": world.url})
    assert world.file_digests() == before


def test_the_missing_batch_has_no_folder(world: Built) -> None:
    assert sorted(path.name for path in (world.out / "guotong").iterdir()) == ["2026-06-03", "2026-06-05"]


def test_nothing_else_is_left_in_the_inbox(world: Built) -> None:
    names = {path.name for path in world.out.iterdir()}
    files = {"truth.parquet", "truth.csv", "rejects.csv"}
    folders = {"sheng", "guotong", "yibao", "duizhao", "minzheng", "laonongbao", "beizhengdi", "yinhang", "guoku"}
    births = {"chusheng", "shengyu", "gongan", "jiankang", "liudong"}
    upload = {"padis_plan.json", "upload_truth.csv", "assist"}  # what goes wrong on the way to PADIS and in requests for help
    corrections = {"correction_plan.json", "correction_truth.csv"}  # what is corrected after a night, and what becomes of it
    assert names == folders | births | upload | corrections | {"linghuo", "linghuo_sent"} | files


@pytest.mark.parametrize(
    ("path", "encoding", "separator", "columns"),
    [
        pytest.param("sheng/20260603/SB_RYXX_20260603.txt", "gb18030", "|", 13, id="sheng persons"),
        pytest.param("sheng/20260605/SB_CBXX_20260605.txt", "gb18030", "|", 13, id="sheng enrolments"),
        pytest.param("guotong/2026-06-05/参保信息.csv", "utf-8-sig", ",", 11, id="guotong enrolments"),
        pytest.param("yibao/psn_info_b_20260604.csv", "utf-8-sig", ",", 7, id="yibao persons"),
    ],
)
def test_text_files_are_in_their_encoding_and_regular(world: Built, path: str, encoding: str, separator: str, columns: int) -> None:
    with (world.out / path).open(encoding=encoding, newline="") as handle:
        rows = list(csv.reader(handle, delimiter=separator))
    assert {len(row) for row in rows} == {columns}
    assert len(rows) > 1000


def test_only_utf8_files_have_a_byte_order_mark(world: Built) -> None:
    marked = {path.parts[-2] for path in world.out.rglob("*.csv") if path.read_bytes()[:3] == b"\xef\xbb\xbf"}
    decisions = {"20260604", "20260605"}  # 批次处理.csv of the packets
    assert marked == {"yibao", "jiankang", "2026-06-03", "2026-06-05"} | decisions


def test_the_medical_workbook_has_its_header_in_the_second_row(world: Built) -> None:
    sheet = openpyxl.load_workbook(world.out / "yibao" / "参保单位_20260604.xlsx", read_only=True)["参保单位"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(max_row=3)]
    assert rows[1] == ["单位编号", "统一社会信用代码", "单位名称", "医保区划"]
    assert str(rows[2][0]).startswith("YB")


def test_every_table_and_column_has_a_chinese_comment(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    rows = connection.execute(
        """
        SELECT c.relname, a.attname, coalesce(col_description(c.oid, a.attnum), ''), coalesce(obj_description(c.oid), '')
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
        WHERE n.nspname IN ('shebao', 'shuiwu') AND c.relkind = 'r'"""
    ).fetchall()
    assert {str(table) for table, *_ in rows} == {table for tables in TABLES.values() for table in tables}
    assert [row[:2] for row in rows if not all(re.search("[一-鿿]", str(text)) for text in row[2:])] == []


def test_all_id_numbers_are_fictional(world: Built) -> None:
    numbers = {
        row[0]
        for column, table in (("aac147", "shebao.ac01"), ("aac002", "shebao.ac01"), ("aac147", "shebao.ac02"), ("aac147", "shebao.ac43"),
                              ("aac147", "shebao.ac44"), ("aac147", "shuiwu.swdj102"), ("aac147", "shuiwu.jfxx102"))
        for row in world.query(f"SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL")
    }  # fmt: skip
    for path in world.out.rglob("SB_RYXX_*.txt"):
        with path.open(encoding="gb18030", newline="") as handle:
            numbers |= {row["ZJHM"] for row in csv.DictReader(handle, delimiter="|")}
    for path in world.out.rglob("*.csv"):
        with path.open(encoding="utf-8-sig", newline="") as handle:
            numbers |= {row.get("证件号码") or row.get("certno") for row in csv.DictReader(handle)}
    plain = {str(number).translate(str.maketrans("０１２３４５６７８９Ｘ", "0123456789X")) for number in numbers if number}
    assert len(plain) > 1500
    assert [number for number in plain if not ID_NUMBER.fullmatch(number)] == []


def test_the_summary_counts_what_the_tables_hold(world: Built) -> None:
    for schema, tables in TABLES.items():
        for table in tables:
            assert world.query(f"SELECT count(*) FROM {schema}.{table}") == [(world.summary.rows[f"{schema}.{table}"],)]
    assert world.summary.truth == Counter(world.truth.expect)


def test_rejects_are_the_unreadable_texts(world: Built) -> None:
    with (world.out / "rejects.csv").open(encoding="utf-8") as handle:
        rejects = {(row["business_date"], row["source"], row["dataset"]): int(row["rows"]) for row in csv.DictReader(handle)}
    for date in DATES:
        unreadable = world.query(
            f"SELECT count(*) FROM shuiwu.jfxx102 WHERE aae418 = '{date}' AND aae080 !~ '^-?[0-9]+[.][0-9]{{2}}$'"
        )
        assert unreadable == [(rejects[date.isoformat(), "shuiwu", "payment"],)]
    assert ("2026-06-04", "guotong", "person") not in rejects


def test_validity_periods_of_a_row_do_not_overlap(world: Built) -> None:
    overlaps = world.query(
        """
        SELECT count(*) FROM shebao.ac01 a JOIN shebao.ac01 b ON a.aac001 = b.aac001 AND a.ctid < b.ctid
        WHERE a.ksrq < b.jsrq AND b.ksrq < a.jsrq"""
    )
    assert overlaps == [(0,)]
    assert world.query("SELECT max(jsrq) FROM shebao.ac02") == [(dt.date(9999, 12, 31),)]
