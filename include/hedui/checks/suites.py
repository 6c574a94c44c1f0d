"""Suites: ``include/expectations/<dataset>.json``, rendered for one source and date into checks.

A suite is plain JSON that Great Expectations loads. Texts in it may hold Jinja expressions; they see ``date`` (business date),
``month(n)`` (YYYYMM of the business month, n months on), ``parameters`` (the rule's defaults with the site's settings over them),
``limits`` (rows of the limits that ``meta.limits`` names, those of a region first), ``regions`` (rows of regions.csv, with their versions
where the site has some), ``spoken_regions`` (as these, and the codes that the source still speaks on the date), ``denominator``
and the macros ``sql`` of ``include/sql/rules/conditions.sql``. Values enter SQL through the filter ``literal`` alone.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from hedui.canonical.schemas import dataset as canonical_dataset
from hedui.checks.model import Check
from hedui.checks.predicates import violation
from hedui.checks.regions import judged_regions, spoken_regions
from hedui.engine import environment
from hedui.errors import HeduiError
from hedui.site import Site

EXPECTATIONS_ROOT = Path(os.environ.get("HEDUI_EXPECTATIONS", Path(__file__).resolve().parents[2] / "expectations"))
GX_SEVERITIES = {"block": "critical", "error": "critical", "warning": "warning", "info": "info"}
MACROS = "{% import 'rules/conditions.sql' as sql %}"


@cache
def load_suite(dataset: str) -> dict[str, Any]:
    """The suite of a canonical dataset as it is written, not rendered.

    Raises:
        HeduiError: There is no such suite, or it is not JSON.
    """
    path = EXPECTATIONS_ROOT / f"{dataset}.json"
    try:
        suite: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise HeduiError(f"There is no suite {path}; every canonical dataset has one.") from None
    except json.JSONDecodeError as error:
        raise HeduiError(f"{path}:{error.lineno}: not JSON: {error.msg}.") from None
    return suite


def month_after(date: dt.date, months: int) -> str:
    """The month ``months`` after that of ``date``, YYYYMM."""
    count = date.year * 12 + date.month - 1 + months
    return f"{count // 12:04d}{count % 12 + 1:02d}"


def parameters_of(site: Site, rule: str, defaults: dict[str, Any]) -> dict[str, Any]:
    """The rule's parameters: the registry's defaults with the site's over them; a single text where a list is due is a list of one."""
    merged = {**defaults, **site.rule_setting(rule).parameters}
    lists = {name for name, value in defaults.items() if isinstance(value, list)}
    prefixes = tuple(name.removesuffix("default") for name in lists if name.endswith("_default"))
    return {
        name: (value,) if isinstance(value, str) and (name in lists or name.startswith(prefixes)) else value
        for name, value in merged.items()
    }


def structure(dataset: str) -> dict[str, Any]:
    """The suite's first expectation: the partition has the dataset's columns."""
    expectation: dict[str, Any] = load_suite(dataset)["expectations"][0]
    return expectation


def checks(site: Site, *, source: str, dataset: str, date: dt.date) -> list[Check]:
    """The checks of a dataset for one source and date, in the suite's order.

    A text that does not render makes that check a problem and leaves the others.
    """
    return [_check(site, spec, source=source, dataset=dataset, date=date) for spec in load_suite(dataset)["expectations"][1:]]


def _check(site: Site, spec: dict[str, Any], *, source: str, dataset: str, date: dt.date) -> Check:
    meta = spec["meta"]
    setting = site.rule_setting(meta["rule"])
    severity = site.rule_severity(meta["rule"])
    parameters = parameters_of(site, meta["rule"], meta.get("parameters", {}))
    base: dict[str, Any] = {
        "rule": meta["rule"],
        "name": meta["name"],
        "severity": severity,
        "agency": site.rule_agency(meta["rule"], source),
        "dataset": dataset,
        "source": source,
        "grain": meta["grain"],
        "columns": tuple(meta["columns"]),
        "field": meta["field"],
        "kind": meta.get("kind", "RULE"),
        "threshold": float(parameters.get("threshold", 0.0)),
        "enabled": setting.enabled,
    }
    limits = (
        sorted(site.limits_at(meta["limits"], date), key=lambda limit: (not limit.region, not limit.insurance))
        if "limits" in meta
        else []
    )
    try:
        names: dict[str, Any] = {
            "date": date,
            "month": lambda months=0: month_after(date, months),
            "parameters": parameters,
            "limits": limits,
            "regions": judged_regions(site),
            "spoken_regions": spoken_regions(site, source=source, date=date) if asks_spoken(spec) else (),
        }
        names["denominator"] = render_text(meta["denominator"], names)
        kwargs = {name: render_text(value, names) for name, value in spec["kwargs"].items()}
        query = spec["type"] == "unexpected_rows_expectation"
        default_value = f'CAST("{meta["field"]}" AS VARCHAR)' if meta["field"] else "NULL"
        return Check(
            **base,
            denominator=names["denominator"],
            condition=kwargs["unexpected_rows_query"] if meta["grain"] == "group" else violation(spec["type"], kwargs),
            value=render_text(meta.get("value", default_value), names),
            amount=render_text(meta.get("amount", "NULL"), names),
            expectation={
                "type": spec["type"],
                "kwargs": {**kwargs, "unexpected_rows_query": for_gx(kwargs["unexpected_rows_query"])} if query else kwargs,
                "severity": GX_SEVERITIES[severity],
                "description": spec["description"],
                "meta": {"rule": meta["rule"], "name": meta["name"]},
            },
        )
    except (jinja2.TemplateError, HeduiError, TypeError, ValueError) as error:
        return Check(**base, problem=f"{EXPECTATIONS_ROOT.name}/{dataset}.json: {type(error).__name__}: {error}")


def asks_spoken(spec: dict[str, Any]) -> bool:
    """Whether an expectation looks at the codes that its source speaks."""
    return "spoken_regions" in json.dumps(spec["kwargs"])


def render_text(value: Any, names: dict[str, Any]) -> Any:
    """A text of a suite with its Jinja expressions filled in; anything but text stays as it is."""
    if not isinstance(value, str) or "{" not in value:
        return value
    return environment().from_string(MACROS + value).render(**names)


def for_gx(query: str) -> str:
    """A rendered query as Great Expectations takes it.

    It fills ``{batch}`` by ``str.format``, so that other braces are doubled, and hands the text to SQLAlchemy, which would read a colon
    in a literal as a parameter: the colon becomes ``chr(58)``.
    """
    doubled = query.replace("{", "{{").replace("}", "}}").replace("{{batch}}", "{batch}")
    return doubled.replace(":", "' || chr(58) || '")


def mapped_fields(site: Site, source: str, dataset: str) -> frozenset[str]:
    """The canonical fields of a dataset that a source delivers."""
    return frozenset(site.source(source).datasets[dataset].columns)


def unmapped(check: Check, fields: frozenset[str]) -> tuple[str, ...]:
    """Chinese labels of the fields a check needs and the source does not deliver."""
    spec = canonical_dataset(check.dataset).fields
    return tuple(spec[name].label for name in check.columns if name not in fields)
