"""The little of Airflow's REST API that we use: log in, wait for health, pools, backfills, states."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx

from hedui.errors import HeduiError

PAGE = 100


@dataclass(frozen=True, kw_only=True)
class Task:
    """A task instance as Airflow shows it."""

    run_id: str
    task_id: str
    map_index: int
    name: str
    state: str | None
    attempt: int

    @property
    def label(self) -> str:
        """Task with what it is mapped over, for example ``extract [市社保业务库]``."""
        return f"{self.task_id} [{self.name}]" if self.name else self.task_id


@dataclass(frozen=True, kw_only=True)
class Run:
    """A DAG run with its tasks."""

    run_id: str
    logical_date: dt.datetime | None
    state: str
    tasks: tuple[Task, ...] = ()
    states: Counter[str] = field(default_factory=Counter)

    @property
    def ended(self) -> bool:
        """Whether the run is over."""
        return self.state in ("success", "failed")


class Airflow:
    """A client of one Airflow, logged in as one user."""

    def __init__(self, *, url: str, user: str, password: str) -> None:
        self.url = url
        self._credentials = {"username": user, "password": password}
        self._http = httpx.Client(base_url=url, timeout=30.0, trust_env=False)

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def health(self) -> dict[str, str]:
        """State by component; empty while the API server does not answer yet."""
        try:
            answer = self._http.get("/api/v2/monitor/health")
        except httpx.HTTPError:
            return {}
        if answer.status_code != httpx.codes.OK:
            return {}
        return {name: str(value.get("status")) for name, value in answer.json().items() if isinstance(value, dict)}

    def request(self, method: str, path: str, *, body: Any = None, allowed: tuple[int, ...] = (), **parameters: Any) -> Any:
        """One call of the API; the token is fetched at the first call and again when it has expired.

        Args:
            method: HTTP method.
            path: Path below ``/api/v2``.
            body: Sent as JSON.
            allowed: Further status codes that are no error; the answer is then None.
            parameters: Query parameters.

        Raises:
            HeduiError: Airflow refuses.
        """
        for _ in range(2):
            if "authorization" not in self._http.headers:
                self._log_in()
            answer = self._http.request(method, f"/api/v2{path}", json=body, params=parameters)
            if answer.status_code != httpx.codes.UNAUTHORIZED:
                break
            del self._http.headers["authorization"]
        if answer.status_code in allowed:
            return None
        if answer.is_error:
            raise HeduiError(f"Airflow answers {answer.status_code} to {method} {path}: {answer.text[:300]}")
        return answer.json() if answer.content else None

    def _log_in(self) -> None:
        answer = self._http.post("/auth/token", json=self._credentials)
        if answer.is_error:
            raise HeduiError(f"Airflow refuses to log {self._credentials['username']} in ({answer.status_code}).")
        self._http.headers["authorization"] = f"Bearer {answer.json()['access_token']}"

    def knows(self, dag: str) -> bool:
        """Whether the DAG has been parsed.

        Raises:
            HeduiError: It cannot be parsed; the message is the import error.
        """
        if self.request("GET", f"/dags/{dag}", allowed=(404,)) is not None:
            return True
        errors = self.request("GET", "/importErrors")["import_errors"]
        if errors:
            raise HeduiError(f"{errors[0]['filename']} cannot be imported:\n{errors[0]['stack_trace']}")
        return False

    def set_pool(self, name: str, *, slots: int, description: str) -> None:
        """Makes the pool or changes its size."""
        body = {"slots": slots, "description": description, "include_deferred": False}
        if self.request("GET", f"/pools/{name}", allowed=(404,)) is None:
            self.request("POST", "/pools", body={"name": name, **body})
        else:
            self.request("PATCH", f"/pools/{name}", body={"pool": name, **body})

    def backfill(self, dag: str, *, first: dt.date, last: dt.date, offset: str = "+08:00") -> int:
        """Starts a backfill of whole business dates, one night at a time, and returns its id; finished nights are run again.

        ``last`` counts to the end of its day: Airflow takes a bare date as its midnight, which lies before that night's 02:30.
        """
        body = {
            "dag_id": dag,
            "from_date": f"{first.isoformat()}T00:00:00{offset}",
            "to_date": f"{last.isoformat()}T23:59:59{offset}",
            "reprocess_behavior": "completed",
            "max_active_runs": 1,
        }
        return int(self.request("POST", "/backfills", body=body)["id"])

    def abandon(self, dag: str) -> int:
        """Ends backfills and runs that a killed session has left open, and returns how many runs those were."""
        for backfill in self.request("GET", "/backfills", dag_id=dag, limit=PAGE)["backfills"]:
            if backfill["completed_at"] is None:
                self.request("PUT", f"/backfills/{backfill['id']}/cancel", allowed=(409,))
        left = [run for run in self.runs(dag) if not run.ended]
        for run in left:
            self.request("PATCH", f"/dags/{dag}/dagRuns/{run.run_id}", body={"state": "failed"})
        return len(left)

    def runs(self, dag: str) -> list[Run]:
        """All runs of the DAG, without their tasks, by logical date."""
        found = self.request("GET", f"/dags/{dag}/dagRuns", limit=PAGE, order_by="logical_date")["dag_runs"]
        return [
            Run(
                run_id=run["dag_run_id"],
                logical_date=dt.datetime.fromisoformat(run["logical_date"]) if run["logical_date"] else None,
                state=run["state"],
            )
            for run in found
        ]

    def tasks(self, dag: str, run_id: str) -> tuple[Task, ...]:
        """All task instances of a run."""
        found: list[dict[str, Any]] = []
        while True:
            page = self.request("GET", f"/dags/{dag}/dagRuns/{run_id}/taskInstances", limit=PAGE, offset=len(found))
            found += page["task_instances"]
            if len(found) >= page["total_entries"] or not page["task_instances"]:
                break
        return tuple(
            Task(
                run_id=run_id,
                task_id=task["task_id"],
                map_index=task["map_index"],
                name=task["rendered_map_index"] or "",
                state=task["state"],
                attempt=task["try_number"],
            )
            for task in found
        )
