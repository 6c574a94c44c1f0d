"""Validation results per source and date, kept in the lake's layer ``checks`` until the data docs are built from all of them.

They hold counts, states and the texts of rules: no value of the data.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from hedui.checks.partition import ViewResult
from hedui.checks.pushdown import Outcome
from hedui.context import Context
from hedui.lake import Manifest, Partition


def _partition(source: str, date: dt.date) -> Partition:
    return Partition(layer="checks", parts=(source,), date=date)


def write_results(context: Context, source: str, date: dt.date, *, rows: dict[str, int], results: dict[str, ViewResult]) -> None:
    """Keeps what Great Expectations said of a source's datasets."""
    body: dict[str, dict[str, Any]] = {
        dataset: {
            "rows": rows[dataset],
            "rules": [
                {
                    **item.as_meta(),
                    **_words(result.outcomes.get(item.rule)),
                }
                for item in result.records
            ],
        }
        for dataset, result in results.items()
    }
    with context.lake.writer(_partition(source, date)) as writer:
        path = writer.new_file("results", suffix=".json")
        with context.lake.fs.open(path, "wb") as handle:
            handle.write(json.dumps(body, ensure_ascii=False, indent=1).encode())
        writer.commit(Manifest(rows=sum(len(item["rules"]) for item in body.values())))


def _words(outcome: Outcome | None) -> dict[str, str]:
    """What the docs show of an outcome; nothing for a check that did not run."""
    return {"expectation": outcome.text, "observed": outcome.observed} if outcome else {"expectation": "", "observed": ""}


def read_results(context: Context, source: str, date: dt.date) -> dict[str, Any]:
    """The kept results of a source by dataset; empty where its checks have not run."""
    partition = _partition(source, date)
    if context.lake.manifest(partition) is None:
        return {}
    with context.lake.fs.open(context.lake.files(partition, "results")[0], "rb") as handle:
        results: dict[str, Any] = json.loads(handle.read())
    return results


def remove_results(context: Context, source: str, date: dt.date) -> None:
    """Forgets the results of a source that has not delivered."""
    context.lake.remove(_partition(source, date))
