"""Every value of the second site, written out by hand: nothing of the demo may be wired into code."""

from __future__ import annotations

import datetime as dt
import json

from hedui.findings import FINDING_COLUMNS

DATE = dt.date(2026, 6, 3)
COUNTY = """
CREATE TABLE ren (bianhao TEXT, zhengjian TEXT, xingming TEXT, xingbie TEXT, shengri TEXT, diqu TEXT, dianhua TEXT, mima TEXT,
                  shengxiao TEXT, shixiao TEXT);
INSERT INTO ren VALUES
 ('a 1', '99010119900101001x', '阿不都 · 热合曼', 'm', '1990.01.01', '880201', ' 13900000000 ', 'x', '20200101', '99991231'),
 ('Ａ２', '990101900101001', '王　五', 'w', '1990.13.01', '880201', NULL, 'x', '20200101', NULL),
 ('a3', '99010119920202003X', '赵六', 'z', NULL, '', '   ', 'x', NULL, '20260604'),
 ('a4', '1', '未到', 'm', NULL, NULL, NULL, 'x', '20260604', NULL),
 ('a5', '1', '已止', 'm', NULL, NULL, NULL, 'x', '20200101', '20260603'),
 ('a6', '1', '  ', 'm', NULL, NULL, NULL, 'x', '20200101', NULL);
CREATE TABLE jiaofei (liushui TEXT, xianzhong TEXT, bianhao TEXT, suoshuqi TEXT, danwei_fen INTEGER, geren NUMERIC, jiao_ri DATE,
                      dao_ri DATE);
INSERT INTO jiaofei VALUES
 ('L1', 'Y', 'a1', '202605', 10000000000000001, '12.30', '2026-06-02', '2026-06-03'),
 ('L2', 'J', 'a3', '202605', -5, 0.07, '2026-06-03', '2026-06-03'),
 ('L3', 'Y', 'a3', '202605', 1, 1.005, '2026-06-03', '2026-06-03'),
 ('L4', 'Y', 'a3', '202605', 1, 1, '2026-06-03', '2026-06-02'),
 ('L5', 'Y', 'a3', '202605', 1, 1, '2026-06-03', '2026-06-04');
"""


def test_tables_of_any_database(world):
    world.sql(COUNTY)

    summary = world.extract("xianju")

    assert summary.state == "done"
    assert summary.counts["person_rows"] == 2
    assert summary.counts["person_rejected"] == 2
    assert summary.counts["source_rows"] == 7
    everyone = dict.fromkeys(
        ("social_security_no", "ethnicity", "first_work_date", "retirement_date", "death_date", "unit_no"), None
    )
    assert world.rows("person", "xianju") == [
        {
            "person_no": "a1",
            "id_type": "01",
            "id_number": "99010119900101001X",
            "name": "阿不都·热合曼",
            "sex": "1",
            "birth_date": dt.date(1990, 1, 1),
            "region": "880201",
            "phone": " 13900000000 ",
            "source_row": 1,
            **everyone,
        },
        {
            "person_no": "a3",
            "id_type": "01",
            "id_number": "99010119920202003X",
            "name": "赵六",
            "sex": "?z",
            "birth_date": None,
            "region": None,
            "phone": None,
            "source_row": 3,
            **everyone,
        },
    ]
    rejects = [{**row, "raw": json.loads(row["raw"])} for row in world.rows("person", "xianju", "rejects")]
    assert [(row["source_row"], row["field"], row["raw_column"], row["raw_value"], row["reason"]) for row in rejects] == [
        (2, "birth_date", "shengri", "1990.13.01", "日期不存在或不符合格式 %Y.%m.%d"),
        (4, "name", "xingming", "  ", "必填项为空"),
    ]
    assert rejects[0]["raw"]["xingming"] == "王　五"
    assert rejects[0]["raw"]["dianhua"] is None
    raw = world.raw("xianju", "person")
    assert [row["source_row"] for row in raw] == [1, 2, 3, 4]
    assert raw[0]["zhengjian"] == "99010119900101001x"
    assert "mima" not in raw[0], "only columns that the site uses leave the agency"


def test_money_of_a_database_stays_exact(world):
    world.sql(COUNTY)

    world.extract("xianju")

    payments = world.rows("payment", "xianju")
    assert [(row["detail_no"], row["unit_paid_fen"], row["person_paid_fen"]) for row in payments] == [
        ("L1", 10000000000000001, 1230),
        ("L2", -5, 7),
    ]
    assert [(row["insurance"], row["payment_flag"], row["paid_date"]) for row in payments] == [
        ("110", "pay", dt.date(2026, 6, 2)),
        ("150", "pay", dt.date(2026, 6, 3)),
    ]
    [reject] = world.rows("payment", "xianju", "rejects")
    assert (reject["field"], reject["raw_value"], reject["reason"]) == ("person_paid_fen", "1.005", "金额小数超过两位或数字过大")
    manifest = world.manifest("payment", "xianju")
    assert manifest is not None
    assert (manifest.rows, manifest.rejected, manifest.meta["source_rows"]) == (2, 1, 3)
    assert manifest.control_totals["unit_paid_fen"] == 10000000000000001 - 5
    assert manifest.control_totals["person_paid_fen"] == 1237
    assert manifest.control_totals["late_fee_fen"] == 0
    assert manifest.meta["raw_columns"]["unit_paid_fen"] == "danwei_fen"
    assert "payment_flag" not in manifest.meta["raw_columns"]


def zhongxin(world, date=DATE):
    folder = f"zhongxin/{date:%Y}/{date:%m%d}"
    people = (
        "个人号;身份证;名字;性别;生日;备注\r\n"
        "B1;'99010119900101001X';张 三;男性;1990年01月01日;'含;分号\r\n和换行'\r\n"
        "B2;;李四;不详;;\r\n"
    )
    spells = (
        "状态;起;基数;月数;险种;个人号;身份证;名字\n"
        "A;01/02/2020;3000.5;12;Y;B1;;张三\n"
        "B;01/02/2020;3000;12;J;B1;;张三\n"
        "B;01/02/2020;3,000;012;Y;B1;;张三\n"
        "C;2020-02-01;0.1;1.5;Q;B1;;张三\n"
        "C;31/12/2021;-0.10;;Q;B1;;张三\n"
    )
    world.file(f"{folder}/A01-person.dat", people.encode("gbk"))
    world.file(f"{folder}/A02-enrolment.dat", spells.encode("gbk"))


def test_gbk_files_with_quotes_of_their_own(world):
    zhongxin(world)

    summary = world.extract("zhongxin")

    assert summary.state == "done"
    people = world.rows("person", "zhongxin")
    assert [(row["person_no"], row["id_number"], row["name"], row["sex"], row["birth_date"]) for row in people] == [
        ("B1", "99010119900101001X", "张三", "1", dt.date(1990, 1, 1)),
        ("B2", None, "李四", "?不详", None),
    ]
    assert people[0]["id_type"] is None
    raw = world.raw("zhongxin", "person")
    assert raw[0]["备注"] == "含;分号\n和换行"
    assert raw[1] == {"个人号": "B2", "身份证": "", "名字": "李四", "性别": "不详", "生日": "", "备注": "", "source_row": 2}


def test_codes_by_scheme_and_date(world):
    zhongxin(world)
    zhongxin(world, dt.date(2026, 6, 4))

    world.extract("zhongxin")
    world.extract("zhongxin", dt.date(2026, 6, 4))

    assert [
        (row["insurance"], row["enrol_state"], row["pay_base_fen"], row["months_paid"])
        for row in world.rows("enrolment", "zhongxin")
    ] == [
        ("110", "1", 300050, 12),
        ("150", "4", 300000, 12),
        ("150", "1", -10, None),
    ]
    later = world.rows("enrolment", "zhongxin", date=dt.date(2026, 6, 4))
    assert later[2]["enrol_state"] == "?C", "a code that has ended has no meaning any more"
    assert later[2]["start_date"] == dt.date(2021, 12, 31)
    rejects = world.rows("enrolment", "zhongxin", "rejects")
    assert [(row["source_row"], row["field"], row["raw_column"], row["raw_value"]) for row in rejects] == [
        (3, "pay_base_fen", "基数", "3,000"),
        (4, "months_paid", "月数", "1.5"),
        (4, "start_date", "起", "2020-02-01"),
    ]
    manifest = world.manifest("enrolment", "zhongxin")
    assert manifest is not None
    assert (manifest.rows, manifest.rejected, manifest.meta["source_rows"]) == (3, 2, 5)


def test_workbook(world):
    world.workbook(
        "caizheng/入库20260603.xlsx",
        [
            ["财政入库明细"],
            ["凭证号", "通知号", "单位", "费款所属期", "人数", "金额", "入库日", None],
            ["ａ1", 1001, "U1", 202605, 3, 12.3, dt.date(2026, 6, 3)],
            ["a2", "1002", "U2", "202605", 3.0, 0.1 + 0.2, dt.datetime(2026, 6, 3, 8, 30)],
            [None, None, None],
            ["a3", "1003", 123456789012345678, "202605", 1, 1, "2026-06-03"],
            ["a4", None, "U4", "202605", 1, 1, "2026-06-03"],
            ["a5", "1005", "U5", "202605", 0, 5, "2026-06-03", "多"],
        ],
    )

    summary = world.extract("biaoge")

    assert summary.counts["source_rows"] == 5
    [row] = world.rows("payment_unit", "biaoge")
    assert (row["detail_no"], row["levy_no"], row["unit_no"], row["insurance"], row["period"]) == (
        "A1",
        "1001",
        "U1",
        "110",
        "202605",
    )
    assert (row["head_count"], row["unit_paid_fen"], row["person_paid_fen"], row["paid_date"]) == (3, 1230, None, DATE)
    assert [(row["source_row"], row["field"], row["reason"]) for row in world.rows("payment_unit", "biaoge", "rejects")] == [
        (2, "paid_date", "日期不存在或不符合格式 %Y-%m-%d"),
        (3, None, "第 6 行：“单位”列的数字超过 15 位，Excel 已舍入，应改为文本"),
        (4, "levy_no", "必填项为空"),
        (5, None, "第 8 行：应有 7 列，实有 8 列"),
    ]
    assert world.raw("biaoge", "payment_unit")[1]["金额"] == "0.3"


def test_file_without_header(world):
    world.file("caizheng/hz260603.txt", '20260603\t880201\tY\t2\t150\t1.5\n20260603\t䶮"\tJ\t0\t-7\t\n'.encode("gb18030"))

    world.extract("huizong")

    rows = world.rows("daily_total", "huizong")
    assert [(row["date_from"], row["date_to"], row["pool_region"], row["insurance"]) for row in rows] == [
        (DATE, DATE, "880201", "110"),
        (DATE, DATE, '䶮"', "150"),
    ]
    assert [(row["agency_code"], row["row_count"], row["unit_paid_fen"], row["person_paid_fen"]) for row in rows] == [
        ("8802", 2, 150, 150),
        ("8802", 0, -7, None),
    ]


def test_a_file_that_is_not_there_is_a_finding_and_leaves_nothing_behind(world):
    zhongxin(world)
    world.extract("zhongxin")
    assert world.findings("zhongxin") == []
    (world.inbox / "zhongxin/2026/0603/A02-enrolment.dat").unlink()

    summary = world.extract("zhongxin")

    assert summary.state == "missing"
    assert summary.reason == "省养老中心下发未提供本日数据"
    assert world.manifest("enrolment", "zhongxin") is None
    assert world.manifest("person", "zhongxin") is None, "a source is there as a whole or not at all"
    [finding] = world.findings("zhongxin")
    assert list(finding) == list(FINDING_COLUMNS)
    assert (finding["rule"], finding["kind"], finding["severity"], finding["agency"]) == ("B12", "ARRIVAL", "block", "centre")
    assert (finding["scope"], finding["source"], finding["subject_type"], finding["subject_key"]) == (
        "arrival:zhongxin",
        "zhongxin",
        "batch",
        "zhongxin",
    )
    assert "A02-enrolment.dat" in json.loads(finding["evidence"])["reason"]
    zhongxin(world)
    assert world.extract("zhongxin").state == "done"
    assert world.findings("zhongxin") == []


def test_nobody_is_missed_on_a_day_off(world):
    holiday = dt.date(2026, 6, 5)  # the site's own holiday; the county's system is expected on working days
    world.sql(COUNTY.replace("2026-06-04", "2026-06-06") + "DELETE FROM ren; DELETE FROM jiaofei;")

    assert world.extract("xianju", holiday).state == "missing"
    assert world.findings("xianju", holiday) == []
    assert world.extract("xianju", DATE).state == "missing"
    assert len(world.findings("xianju", DATE)) == 1


def test_reading_twice_writes_the_same_bytes(world):
    zhongxin(world)
    world.extract("zhongxin")
    first = world.manifest("person", "zhongxin")

    world.extract("zhongxin")

    second = world.manifest("person", "zhongxin")
    assert first is not None
    assert second is not None
    assert first.digest == second.digest
