"""The floating population beside its health records, and the yearly stock of birth certificates."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import openpyxl
import pytest

from hedui.context import Context
from hedui.exchange.floating import compare, write_comparison
from hedui.padis.certificates import HEADER, read_stock, write_stock
from hedui.padis.errors import PadisError
from integration.exchange.conftest import DATE, floating, put


def test_who_has_no_record_and_what_differs(context: Context, tmp_path: Path) -> None:
    people = [floating(number) for number in range(6)]
    child = floating(50, birth_date=dt.date(2020, 5, 6))
    put(context, [*people, child])
    records = [
        {
            "record_no": f"J{number}", "record_type": "1", "name": person["name"], "id_number": person["id_number"], "sex": person["sex"],
            "birth_date": person["birth_date"], "certificate_no": None, "mother_id_number": None, "region": person["living_region"],
            "established_on": dt.date(2026, 1, 1),
        }
        for number, person in enumerate(people[:4])
    ]  # fmt: skip
    records[1] |= {"name": "测试别名", "region": "990103"}
    records.append({**records[2], "record_no": "J9", "established_on": dt.date(2026, 2, 1), "sex": "9"})
    put(context, records, dataset="health_record", source="jiankang")
    found = {one.id_number: one for one in compare(context, date=DATE, floating="liudong", health="jiankang")}
    assert {key: one.records for key, one in found.items()} == {
        **{person["id_number"]: (1, 1, 2, 1, 0, 0)[number] for number, person in enumerate(people)},
        child["id_number"]: 0,
    }
    differing = {key: one.differs for key, one in found.items() if one.differs}
    assert differing == {people[1]["id_number"]: ("姓名", "区划"), people[2]["id_number"]: ("性别",)}
    book = openpyxl.load_workbook(write_comparison(context, tmp_path, date=DATE))
    cells = [str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row if cell is not None]
    assert not [cell for cell in cells if re.search(r"99\d{15}[\dX]|测试流|2020-05|1990-01-01", cell)]
    assert "2020-**" in cells, "of a minor only the year"


LINES = [
    "A1,测试医院甲,2024,0,100,60,10,2,28,60",
    "A1,测试医院甲,2025,28,100,80,5,3,40,82",
    "A2,测试医院乙,2025,10,50,40,0,1,20,41",
    "A3,测试医院丙,2024,5,10,5,0,0,10,6",
    "A3,测试医院丙,2025,9,10,12,0,0,7,11",
]


def stock(folder: Path, lines: list[str]) -> Path:
    path = folder / "stock.csv"
    path.write_text("\n".join([",".join(HEADER), *lines]) + "\n", encoding="utf-8")
    return path


def test_the_yearly_identity(tmp_path: Path) -> None:
    found = {one.institution: one.problems for one in read_stock(stock(tmp_path, LINES), 2025)}
    assert found == {
        "A1": (),
        "A2": ("年末库存应为 19，相差 1",),
        "A3": ("上年底库存与上年年末库存 10 不符", "机构内签发多于活产数"),
    }
    path = write_stock(read_stock(stock(tmp_path, LINES), 2025), tmp_path, year=2025, organisation="测试")
    cells = [cell for row in openpyxl.load_workbook(path).active.iter_rows(values_only=True) for cell in row]
    assert (cells.count("平"), cells.count("不平")) == (1, 2)


@pytest.mark.parametrize(
    ("lines", "said"),
    [(["A1,甲,2025,x,0,0,0,0,0,0"], "line 2: the year and all figures"), ([LINES[1]] * 2, "line 3: the institution")],
)
def test_a_file_that_is_not_as_agreed_is_refused(tmp_path: Path, lines: list[str], said: str) -> None:
    with pytest.raises(PadisError, match=said):
        read_stock(stock(tmp_path, lines), 2025)
