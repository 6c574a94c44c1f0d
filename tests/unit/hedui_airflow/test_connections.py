from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import make_url

from hedui.errors import HeduiError
from hedui_airflow.connections import connection_url


def connection(uri_type: str, *, extra: dict[str, Any] | None = None, **values: Any) -> Any:
    fields = {"host": None, "login": None, "password": None, "schema": None, "port": None, **values}
    return SimpleNamespace(conn_id="c", conn_type=uri_type, extra_dejson=extra or {}, **fields)


@pytest.mark.parametrize(
    ("given", "url"),
    [
        pytest.param(
            connection("postgres", host="db", login="reader", password="p@ss/w:rd", schema="shuiwu", port=5432),
            "postgresql+psycopg://reader:p%40ss%2Fw%3Ard@db:5432/shuiwu",
            id="postgres",
        ),
        pytest.param(
            connection("postgres", host="/run/pg", login="postgres", schema="shebao"),
            "postgresql+psycopg://postgres@/shebao?host=%2Frun%2Fpg",
            id="postgres-socket",
        ),
        pytest.param(
            connection("postgres", host="db", schema="x", extra={"sslmode": "require", "nested": {"a": 1}}),
            "postgresql+psycopg://db/x?sslmode=require",
            id="postgres-extra",
        ),
        pytest.param(
            connection("oracle", host="ora", login="u", password="p", port=1521, extra={"service_name": "FREEPDB1"}),
            "oracle+oracledb://u:p@ora:1521/?service_name=FREEPDB1",
            id="oracle-service",
        ),
        pytest.param(
            connection("oracle", host="ora", login="u", password="p", extra={"sid": "XE"}),
            "oracle+oracledb://u:p@ora/XE",
            id="oracle-sid",
        ),
        pytest.param(
            connection(
                "oracle",
                host="ora",
                login="u",
                extra={
                    "service_name": "S",
                    "thick_mode": True,
                    "thick_mode_lib_dir": "/opt/ic",
                    "call_timeout": 60,
                    "events": True,
                },
            ),
            "oracle+oracledb://u@ora/?thick_mode=True&thick_mode_lib_dir=%2Fopt%2Fic&call_timeout=60&service_name=S",
            id="oracle-options",
        ),
        pytest.param(
            connection("oracle", host="ora", login="u", schema="PDB"),
            "oracle+oracledb://u@ora/?service_name=PDB",
            id="oracle-schema",
        ),
        pytest.param(connection("mysql", host="db", schema="x"), "mysql://db/x", id="other"),
        pytest.param(
            connection("smtp", host="mail", port=587, login="a@b", password="s", extra={"disable_tls": False, "from_email": "h@b"}),
            "smtp://a%40b:s@mail:587/?starttls=1&from=h%40b",
            id="smtp",
        ),
        pytest.param(connection("smtp", host="mail", extra={"disable_ssl": False}), "smtps://mail/?starttls=0", id="smtps"),
        pytest.param(
            connection("http", host="https://robot/send", schema="https", password="SEC+x", extra={"access_token": "t"}),
            "https://robot/send?access_token=t#SEC%2Bx",
            id="webhook",
        ),
        pytest.param(
            connection("http", host="https://padis", login="u@x", password="p/w", port=8443, schema="https"),
            "https://u%40x:p%2Fw@padis:8443/",
            id="receiver-with-login",
        ),
    ],
)
def test_connections_become_urls(given: Any, url: str) -> None:
    assert connection_url(given) == url


def test_the_url_of_a_database_gives_back_the_password() -> None:
    given = connection("postgres", host="db", login="r", password="p@ss/w:rd#?", schema="x")
    assert make_url(connection_url(given)).password == "p@ss/w:rd#?"


@pytest.mark.parametrize(
    "uri", ["http://padis:8650/", "https://padis/", "https://u:p%40w@padis:8443/gateway/v1", "https://padis/gateway"]
)
def test_the_address_of_a_receiver_is_the_one_that_was_set(uri: str) -> None:
    from airflow.sdk import Connection

    assert connection_url(Connection.from_uri(uri, conn_id="padis")) == uri


def test_what_the_embedded_stack_writes_is_read_back() -> None:
    from airflow.sdk import Connection

    text = json.dumps({"conn_type": "postgres", "host": "/var/pg", "login": "postgres", "schema": "shebao"})
    url = make_url(connection_url(Connection.from_json(text, conn_id="shebao_db")))
    assert (url.database, url.username, url.query["host"]) == ("shebao", "postgres", "/var/pg")


def test_a_connection_without_a_host_is_refused() -> None:
    with pytest.raises(HeduiError, match="connection c has no host"):
        connection_url(connection("postgres"))
