"""``docs/rules.md``: the rules that ship as checks with type and examples, those judged elsewhere, and what cannot be judged and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from hedui.canonical.schemas import datasets
from hedui.checks.catalogue import BY, By, places
from hedui.checks.entries import Entry, registry
from hedui.checks.parameters import COMMON, known_parameters
from hedui.checks.registry import ShippedRule, shipped_rules
from hedui.checks.types import rule_types
from hedui.findings import SEVERITIES
from hedui.rules import rule
from hedui.site import load_site

DEMO_SITE: Final = Path(__file__).resolve().parents[2] / "sites" / "demo"
INTRODUCTION = """# Rules

Made by `hedui rules docs` from `include/rules/registry.yaml`, the suites and the SQL files; a test says whether it is current.

A rule is a **type** (one SQL text in `include/sql/rules/types/`) applied to **fields** (an entry of the registry). From the entries
`hedui rules build` makes the Great Expectations suites in `include/expectations/`; rules across datasets run from their type directly.
What no type says has SQL of its own in `include/sql/rules/<rule>.sql`, with a header that names what it reads.

| command | what it does |
|---|---|
| `hedui rules list [--dataset D]` | every rule of the catalogue, with where the site judges it |
| `hedui rules explain RULE` | meaning, where it is judged, type, parameters, SQL |
| `hedui rules test RULE` | runs the rule on its examples: hits must be found, near misses must not; of others: where they are planted |
| `hedui rules build [--check]` | makes the suites, or says which are not current |
| `hedui rules docs` | makes this page |
| `hedui rules judge DATE [--changed]` | judges a night again with today's thresholds, from the recorded figures, without a query |

## States

Each run of a rule on a source's data records the rows it **examined** and the **violations** among them. Violations up to the
**threshold** (a share, default 0; `parameters: {threshold: 0.01}` in `rules.yaml`) leave the state at *passed* (通过), more make it
*failed* (不通过); the findings are listed either way. A rule that examined nothing has *no data* (无数据), which is never a pass, and says
why: the source delivers no such field, or no row is of the kind it looks at. A parameter in `rules.yaml` that the rule does not know is
refused when the site is loaded, with file, line and the names it knows.

## Exemptions

A deviation that has been accepted is exempted, not switched off: `hedui exemptions add --rule U02 --region 990101 --reason … --approver …
--valid-from … --expires-on …`. Matching cases stay in the workbook and are counted apart; on the day after `expires-on` they count again.
`hedui exemptions list --ending-within 30` lists what ends soon, `withdraw` ends one earlier; the row stays. The workbook's sheet 豁免清单
lists those in force with reason, approver and dates.
"""

RECIPE = """
## Adding a rule

1. Add an entry to `include/rules/registry.yaml` with a good row, hits and near misses; `hedui rules test RULE`.
2. `hedui rules build` and `hedui rules docs`.
3. Plant hits and near misses in the demo world (`include/hedui/demo/plants/`), with their truth by the demo's own arithmetic.

A new type is a file in `include/sql/rules/types/` with a header and samples in `tests/unit/sql_samples/rule_types.py`.
"""


def rules_page() -> str:
    """The page as Markdown."""
    parts = [INTRODUCTION, *_types(), *_rules(), *_elsewhere(), *_not_judged(), RECIPE.lstrip("\n")]
    return "\n".join(part.rstrip("\n") + "\n" for part in parts)


def _table(header: str, rows: list[list[str]]) -> str:
    names = header.split("|")
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _types() -> Iterator[str]:
    yield "## Types"
    used = {name: sorted({entry.rule for entry in registry().rules if entry.type == name}) for name in rule_types()}
    rows = [
        [f"`{kind.name}`", kind.label, kind.grain, kind.meaning.removesuffix("."), " ".join(used[kind.name])]
        for kind in rule_types().values()
    ]
    yield _table("type|名称|grain|what it says|rules", rows)


def _rules() -> Iterator[str]:
    entries: dict[str, list[Entry]] = {}
    for entry in registry().rules:
        entries.setdefault(entry.rule, []).append(entry)
    yield f"## Rules\n\n{len(shipped_rules())} rules ship as checks."
    for item in shipped_rules():
        yield _rule(item, entries.get(item.rule, []))


def _rule(item: ShippedRule, entries: list[Entry]) -> str:
    labels = "、".join(datasets()[name].label for name in item.datasets)
    lines = [
        f"### {item.rule} {item.name}",
        "",
        f"{item.zh}" if item.zh != item.note else "",
        f"{item.note}",
        "",
        f"- severity: {SEVERITIES[item.severity]}; type: {f'`{item.type}`' if item.type else f'SQL of its own, `include/{item.file}`'}",
        f"- on: {labels} (`{'`, `'.join(item.datasets)}`); needs: {', '.join(f'`{field}`' for field in item.fields)}",
        f"- parameters: {_parameters(item.rule)}",
        f"- origin: {rule(item.rule).evidence}",
    ]
    if entries:
        examples = entries[0].examples
        lines += [f"- found: {_examples(examples.hit)}", f"- not found: {_examples(examples.near)}"]
    else:
        lines.append("- examples: planted in the demo world")
    return "\n".join(line for number, line in enumerate(lines) if line or number in (1, 4))


def _parameters(rule_id: str) -> str:
    known = known_parameters()[rule_id]
    named = [f"`{name}` = {value}" for name, value in known.defaults.items() if name not in COMMON and name != "sources"]
    return ", ".join([*named, *(f"`{prefix}<code>`" for prefix in known.families)]) or "none"


def _examples(changes: tuple[object, ...]) -> str:
    return "; ".join(f"`{_shown(change)}`" for change in changes)


def _shown(change: object) -> str:
    if isinstance(change, list | tuple):
        return " + ".join(_shown(item) or "the same" for item in change)
    if isinstance(change, dict):
        nested = (f"{name}: {_shown(v)}" if isinstance(v, dict | list) else f"{name}={_shown(v)}" for name, v in change.items())
        return ", ".join(nested) or "the same"
    return "empty" if change is None else str(change).replace("`", "'")


def _elsewhere() -> Iterator[str]:
    yield "## Rules judged elsewhere"
    yield "Of the demo site: which rule a difference is, a site's `comparisons.yaml` says. `hedui rules explain RULE` tells it of a rule."
    found: dict[tuple[By, str], list[str]] = defaultdict(list)
    for name, where in places(load_site(DEMO_SITE, rules=False)).items():
        for place in where:
            for scope in place.scopes or (place.how,):
                found[place.by, scope].append(name)
    rows = [
        [BY[by], f"`{scope}`" if by in ("comparison", "linkage") else scope, " ".join(found[by, scope])]
        for by, scope in sorted(found, key=lambda place: list(BY).index(place[0]))
        if by not in ("check", "none")
    ]
    yield _table("判定|by|rules", rows)


def _not_judged() -> Iterator[str]:
    yield "## Rules of the catalogue that cannot be judged yet"
    yield _table("rule|名称|why", [[name, rule(name).name, why] for name, why in registry().not_judged.items()])
