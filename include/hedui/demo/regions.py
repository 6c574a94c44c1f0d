"""Further tables of 市社保业务库 that carry region codes: the code table, the operators' rights, and the closed months' statistics.

No source of the site reads them. They are what a migration of region codes finds in a real database beside persons and payments.
"""

from __future__ import annotations

from typing import Any, Final

import duckdb

from hedui.demo.writers import connect_postgres

REGIONS: Final = {
    "990100": "和对市",
    "990101": "东城新区",
    "990102": "西湖区",
    "990103": "南山区",
    "990104": "北塘区",
    "990105": "中和区",
    "990106": "青河县",
    "990107": "青河区",
    "990108": "新港区",
}
"""The code table with both versions, as the database has it on the eve of a migration."""

_TABLES: Final = (
    "CREATE TABLE shebao.aa26 (aab301 varchar PRIMARY KEY, aaa021 varchar NOT NULL)",
    "COMMENT ON TABLE shebao.aa26 IS '行政区划'",
    "CREATE TABLE shebao.czyqx (xh integer PRIMARY KEY, czy varchar NOT NULL, aab301 varchar NOT NULL)",
    "COMMENT ON TABLE shebao.czyqx IS '操作员区划权限'",
    "CREATE TABLE shebao.tjyb (aae003 varchar, aaa027 varchar, rs integer NOT NULL, jfje bigint NOT NULL, PRIMARY KEY (aae003, aaa027))",
    "COMMENT ON TABLE shebao.tjyb IS '参保缴费统计月报（金额单位：分）'",
)
_LABELS: Final = {
    "aa26": {"aab301": "行政区划代码", "aaa021": "行政区划名称"},
    "czyqx": {"xh": "序号", "czy": "操作员", "aab301": "行政区划"},
    "tjyb": {"aae003": "费款所属期", "aaa027": "统筹区编码", "rs": "参保人数", "jfje": "缴费金额（分）"},
    "ac02": {"xh": "序号"},
    "ac44": {"xh": "序号"},
}
_NUMBERED: Final = ("ac02", "ac44")
"""Tables whose rows no other columns name for good; they get a number, in the order in which they were filled."""
_STATISTICS: Final = """
    SELECT '2026' || lpad(CAST(m.month AS VARCHAR), 2, '0'), region_of(district), count(*) - 3 * (5 - m.month),
        CAST(sum(coalesce(base_fen, 0)) * 24 // 100 + 100 * m.month AS BIGINT)
    FROM base_person, (VALUES (1), (2), (3), (4), (5)) AS m (month)
    GROUP BY m.month, district ORDER BY ALL"""


def deliver_regions(connection: duckdb.DuckDBPyConnection, url: str) -> dict[str, int]:
    """Makes the tables; the schema ``shebao`` is there.

    Returns:
        Rows by table.
    """
    statistics = connection.execute(_STATISTICS).fetchall()
    operators = [f"czy{number:02d}" for number in range(1, 13)]
    districts = list(REGIONS)[1:7]
    rights = [(number, name, districts[number % 6]) for number, name in enumerate(operators, start=1)]
    rows: dict[str, list[tuple[Any, ...]]] = {"aa26": list(REGIONS.items()), "czyqx": rights, "tjyb": statistics}
    with connect_postgres(url) as database:
        for statement in _TABLES:
            database.execute(statement.encode())
        for table in _NUMBERED:
            database.execute(f"ALTER TABLE shebao.{table} ADD COLUMN xh bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY".encode())
        for table, labels in _LABELS.items():
            for column, label in labels.items():
                database.execute(f"COMMENT ON COLUMN shebao.{table}.{column} IS '{label}'".encode())
        for table, lines in rows.items():
            with database.cursor().copy(f"COPY shebao.{table} FROM STDIN".encode()) as copy:
                for line in lines:
                    copy.write_row(line)
    return {f"shebao.{table}": len(lines) for table, lines in rows.items()}
