"""The pages: nobody reads without the guard's leave, nothing outside a night's folder is served."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi import Header, HTTPException
from fastapi.testclient import TestClient

from hedui.workbench.app import create_app


def guard(user: str = Header(default="")) -> str:
    if not user:
        raise HTTPException(status_code=401)
    return user


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    night = tmp_path / "reports" / "2026-06-03"
    (night / "datadocs").mkdir(parents=True)
    (night / "对账日报_和对市_20260603.xlsx").write_bytes(b"workbook")
    (night / "差异明细_20260603.csv").write_bytes(b"detail")
    (night / "datadocs" / "index.html").write_text("<p>docs</p>")
    (tmp_path / "secret.txt").write_text("no")
    return TestClient(create_app(reports=tmp_path / "reports", title="测试市", guard=guard))


@pytest.mark.parametrize("path", ["/", "/2026-06-03/datadocs/index.html", "/2026-06-03/nothing"])
def test_no_route_is_open(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 401


def test_the_page_lists_nights_in_chinese_with_their_files(client: TestClient) -> None:
    page = client.get("/", headers={"user": "analyst"}).text
    assert "测试市 · 对账日报" in page
    assert "对账日报_和对市_20260603.xlsx" in page
    assert "2026-06-03/datadocs/index.html" in page


def test_a_workbook_is_downloaded_and_data_docs_are_shown(client: TestClient) -> None:
    headers = {"user": "analyst"}
    workbook = client.get("/2026-06-03/对账日报_和对市_20260603.xlsx", headers=headers)
    assert workbook.content == b"workbook"
    assert "attachment" in workbook.headers["content-disposition"]
    assert client.get("/2026-06-03/datadocs/index.html", headers=headers).text == "<p>docs</p>"


@pytest.mark.parametrize(
    "path", ["/2026-06-03/../../secret.txt", "/2026-06-03/%2e%2e/%2e%2e/secret.txt", "/2026-06-03/%2Fetc%2Fpasswd"]
)
def test_no_path_leads_out_of_the_night(client: TestClient, path: str) -> None:
    assert client.get(path, headers={"user": "analyst"}).status_code in {404, 422}


def test_without_reports_the_page_says_so(tmp_path: Path) -> None:
    client = TestClient(create_app(reports=tmp_path / "none", title="测试市", guard=guard))
    assert "还没有日报" in client.get("/", headers={"user": "analyst"}).text
