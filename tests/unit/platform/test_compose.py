"""The production shape: the compose file is valid, and every path and variable it names exists."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[3]
COMPOSE = ROOT / "docker-compose.yml"
TEXT = COMPOSE.read_text(encoding="utf-8")
VARIABLE = re.compile(r"(?<!\$)\$\{([A-Z_]+)(:\?|:-)?([^}]*)\}")
AIRFLOW_SERVICES = {
    "airflow-init",
    "airflow-api-server",
    "airflow-scheduler",
    "airflow-dag-processor",
    "airflow-triggerer",
    "airflow-worker",
}
ONE_TIME = {"airflow-init", "minio-init"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    yaml = YAML(typ="safe", pure=True)
    return dict(yaml.load(TEXT))


@pytest.fixture(scope="module")
def example() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_it_follows_the_compose_specification() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_compose_itself_reads_it(tmp_path: Path, example: dict[str, str]) -> None:
    program = shutil.which("docker-compose")
    assert program, "docker-compose is missing: apt-get install docker-compose"
    filled = tmp_path / "env"
    filled.write_text("".join(f"{name}={value or 'x'}\n" for name, value in example.items()), encoding="utf-8")
    done = subprocess.run(
        [program, "--env-file", str(filled), "-f", str(COMPOSE), "config"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert set(YAML(typ="safe", pure=True).load(done.stdout)["services"]) >= AIRFLOW_SERVICES


def test_every_variable_is_in_the_example_and_the_other_way_round(example: dict[str, str]) -> None:
    assert {match.group(1) for match in VARIABLE.finditer(TEXT)} == set(example)


def test_secrets_have_no_default_and_are_refused_when_empty(example: dict[str, str]) -> None:
    secrets = {name for name in example if re.search(r"PASSWORD|KEY$|SECRET|USER$|CONNECTION$", name)}
    assert len(secrets) >= 12
    for match in VARIABLE.finditer(TEXT):
        if match.group(1) in secrets:
            assert match.group(2) == ":?", match.group(0)
    assert {name for name in secrets if example[name]} == {"MINIO_ROOT_USER"}


def test_every_default_equals_the_example(example: dict[str, str]) -> None:
    defaults = {match.group(1): match.group(3) for match in VARIABLE.finditer(TEXT) if match.group(2) == ":-"}
    assert defaults == {name: example[name] for name in defaults}


def test_mounted_paths_are_in_the_tree_and_named_volumes_are_declared(compose: dict[str, Any], example: dict[str, str]) -> None:
    mounted = {volume for service in compose["services"].values() for volume in service.get("volumes", [])}
    sources = {VARIABLE.sub(lambda match: example[match.group(1)], volume).split(":", 1)[0] for volume in mounted}
    paths = {source for source in sources if source.startswith(".")}
    assert paths
    assert {path for path in paths if not (ROOT / path).exists()} == set()
    assert sources - paths == set(compose["volumes"])


def test_commands_that_run_files_of_ours_find_them_in_the_image(compose: dict[str, Any]) -> None:
    copied = re.findall(r"^COPY (?P<source>.+) \S+$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    sources = {source for line in copied for source in line.split()}
    assert {source for source in sources if not (ROOT / source).exists()} == set()
    scripts = [
        word for service in compose["services"].values() for word in service.get("command", []) if word.startswith("/opt/hedui/")
    ]
    assert scripts
    for script in scripts:
        relative = Path(script).relative_to("/opt/hedui")
        assert relative.parts[0] in sources
        assert (ROOT / relative).is_file()


def test_all_services_are_there_with_pinned_images_and_health_checks(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(services) == AIRFLOW_SERVICES | {"postgres", "redis", "oracle", "minio", "minio-init", "padis"}
    assert [name for name, service in services.items() if "profiles" in service] == ["padis"], "the stand-in starts when asked for"
    for name, service in services.items():
        assert "build" in service or re.search(r":[^:]*\d[^:]*$", service["image"]), f"{name} has no version"
        assert ("healthcheck" in service) is (name not in ONE_TIME), name
        assert ("restart" not in service or service["restart"] == "no") is (name in ONE_TIME), name


def test_the_connections_of_the_site_are_configured(compose: dict[str, Any]) -> None:
    from hedui.site import load_site
    from hedui.site.models import SqlReader

    environment = compose["services"]["airflow-worker"]["environment"]
    readers = [source.reader for source in load_site(ROOT / "include" / "sites" / "demo").sources]
    wanted = {reader.connection for reader in readers if isinstance(reader, SqlReader)} | {"hedui_ledger", *outbound_connections()}
    assert {f"AIRFLOW_CONN_{name.upper()}" for name in wanted} <= set(environment)


def outbound_connections() -> set[str]:
    """Connections by which the demo's uploads, pushes and requests for help leave; folders below the inbox need none."""
    from hedui.site.assist import load_assist
    from hedui.site.padis import load_padis
    from hedui.site.pushes import load_pushes

    demo = ROOT / "include" / "sites" / "demo"
    padis, pushes, assist = load_padis(demo), load_pushes(demo), load_assist(demo)
    assert padis
    assert pushes
    assert assist
    ways: list[Any] = [padis.profile.transport, assist.transport, *(push.transport for push in pushes.pushes)]
    return {name for way in ways if (name := getattr(way, "connection", None) or getattr(way, "place", None))}


def test_the_demo_reports_by_a_connection_that_is_configured() -> None:
    assert outbound_connections() == {"padis"}


def test_the_image_installs_the_lock(compose: dict[str, Any]) -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert "-r requirements.txt" in text
    assert "USER airflow" in text


def test_the_init_job_makes_the_pool_that_the_dag_names() -> None:
    script = (ROOT / "docker" / "init.sh").read_text(encoding="utf-8")
    pools = re.findall(
        r'^HEAVY_POOL = "(\w+)"', (ROOT / "dags" / "nightly_reconciliation.py").read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    assert pools
    assert f"airflow pools set {pools[0]} 1 " in script
