"""A bundle's files: listed whole, served without the data, to nobody who is not logged in."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi import Header, HTTPException
from fastapi.testclient import TestClient

from hedui.workbench.app import create_app

BUNDLE = "BUNDLE-990100-20260603-001"
HEADERS = {"user": "manager"}


def guard(user: str = Header(default="")) -> str:
    if not user:
        raise HTTPException(status_code=401)
    return user


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    folder = tmp_path / "reports" / "corrections" / BUNDLE
    for name in (
        "01_处理说明.docx",
        "03_sql/20_apply.sql",
        "04_data/changes.jsonl",
        "07_receipts/x.json",
        "08_decisions/审批单.xlsx",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    (tmp_path / "reports" / "secret.txt").write_text("no")
    (folder / "linked.txt").symlink_to(tmp_path / "reports" / "secret.txt")
    return TestClient(create_app(reports=tmp_path / "reports", title="测试市", guard=guard))


@pytest.mark.parametrize("path", ["", "03_sql/20_apply.sql", "nothing"])
def test_no_route_is_open(client: TestClient, path: str) -> None:
    assert client.get(f"/corrections/{BUNDLE}/{path}").status_code == 401


def test_the_page_lists_every_file_and_links_those_without_data(client: TestClient) -> None:
    page = client.get(f"/corrections/{BUNDLE}/", headers=HEADERS).text
    assert 'href="03_sql/20_apply.sql"' in page
    assert "04_data/changes.jsonl（含个人信息，不在此提供）" in page
    assert "linked.txt" not in page


def test_documents_and_scripts_are_served_and_data_is_not(client: TestClient) -> None:
    assert client.get(f"/corrections/{BUNDLE}/03_sql/20_apply.sql", headers=HEADERS).text == "03_sql/20_apply.sql"
    assert client.get(f"/corrections/{BUNDLE}/01_处理说明.docx", headers=HEADERS).status_code == 200
    for path in ("04_data/changes.jsonl", "07_receipts/x.json", "linked.txt", "03_sql/%2e%2e/04_data/changes.jsonl"):
        assert client.get(f"/corrections/{BUNDLE}/{path}", headers=HEADERS).status_code == 404


@pytest.mark.parametrize("bundle", ["..", "%2e%2e", "BUNDLE-990100-20260603-999", "."])
def test_no_other_folder_is_shown(client: TestClient, bundle: str) -> None:
    assert client.get(f"/corrections/{bundle}/secret.txt", headers=HEADERS).status_code in {404, 422}
