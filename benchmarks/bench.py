"""Measures Hedui beside its peers and its limits, in one run, and writes the tables of ``RESULTS.md``.

Every run is a fresh process; the order of the competitors turns round after each round; figures are medians. ``run.sh`` makes the
environments and calls this with Hedui's own Python.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import statistics
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import extraction

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
OURS = sys.executable
RIVALS = os.environ.get("HEDUI_BENCH_PYTHON", str(ROOT / ".venv-bench" / "bin" / "python"))
GROUPS = ("snapshot", "tiers", "flow", "checks", "linkage", "xml", "extract")
VERSIONS = {
    OURS: ("duckdb", "great_expectations", "splink", "lxml", "pandas", "psycopg", "pyarrow"),
    RIVALS: ("duckdb", "polars", "datacompy", "great_expectations", "pandas", "pyarrow"),
}


@dataclass(frozen=True, kw_only=True)
class Case:
    """A competitor: its name in the table, the work it does (see ``work.py``), the environment it runs in, its arguments."""

    name: str
    work: str
    python: str
    arguments: dict[str, str]


@dataclass(kw_only=True)
class Figures:
    """What was measured of a case, one item per round."""

    seconds: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    gigabytes: list[float] = field(default_factory=list)
    found: dict[str, int] = field(default_factory=dict)

    def median(self, what: str) -> float:
        """The median of one figure."""
        return statistics.median(getattr(self, what))


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A ratio of two cases and its bar: ``at_least`` or at most ``limit``; none where the cases do not do the same."""

    text: str
    what: str
    above: str
    below: str
    limit: float | None = None
    at_least: bool = False

    def row(self, figures: dict[str, Figures]) -> str:
        """The ratio as a row of a table: of the medians, and in brackets of processor time."""
        value = figures[self.above].median(self.what) / figures[self.below].median(self.what)
        processor = ""
        if self.what == "seconds":
            processor = f"{figures[self.above].median('processor') / figures[self.below].median('processor'):.2f}"
        if self.limit is None:
            return f"| {self.text} | {value:.2f} | {processor} | | |"
        met = value >= self.limit if self.at_least else value <= self.limit
        wanted = f"{'≥' if self.at_least else '≤'} {self.limit:g}"
        return f"| {self.text} | {value:.2f} | {processor} | {wanted} | {'met' if met else 'missed'} |"


@dataclass(frozen=True, kw_only=True)
class Ceiling:
    """A figure of one case that may be at most ``limit``."""

    text: str
    what: str
    of: str
    limit: float

    def row(self, figures: dict[str, Figures]) -> str:
        """The figure as a row of the table of ratios."""
        value = figures[self.of].median(self.what)
        return f"| {self.text} | {value:.2f} |  | ≤ {self.limit:g} | {'met' if value <= self.limit else 'missed'} |"


@dataclass(frozen=True, kw_only=True)
class Group:
    """One table: cases on the same data."""

    title: str
    cases: list[Case]
    bars: list[Bar | Ceiling]


def groups(
    root: Path, files: dict[str, str], check_root: Path, check_files: dict[str, str], sizes: tuple[int, int]
) -> dict[str, Group]:
    """The tables by name."""
    rows, check_rows = sizes
    pair = {tier: files[tier] for tier in ("city", "province") if tier in files}
    two = Case(
        name="Hedui, two sides", work="hedui_comparison", python=OURS, arguments={"root": str(root), "comparison": "two_sides"}
    )
    three = Case(
        name="Hedui, three tiers", work="hedui_comparison", python=OURS, arguments={"root": str(root), "comparison": "three_tiers"}
    )
    floor = Case(name="floor: DuckDB reads and hashes both, joins the keys", work="duckdb_floor", python=RIVALS, arguments=pair)
    polars = Case(name="Polars, streaming full join", work="polars_join", python=RIVALS, arguments=pair)
    datacompy = Case(name="datacompy on Polars", work="datacompy_polars", python=RIVALS, arguments=pair)
    pushed = Case(name="Hedui, pushed down to DuckDB", work="hedui_checks", python=OURS, arguments={"root": str(check_root)})
    frame = Case(
        name="Great Expectations on pandas", work="pandas_checks", python=RIVALS, arguments={"city": check_files.get("city", "")}
    )
    return {
        "snapshot": Group(
            title=f"Two sides of {rows:,} rows, 9 compared fields",
            cases=[two, floor, polars, datacompy],
            bars=[
                Bar(text="datacompy / Hedui, time", what="seconds", above=datacompy.name, below=two.name, limit=12, at_least=True),
                Bar(text="Hedui / datacompy, memory", what="gigabytes", above=two.name, below=datacompy.name, limit=0.25),
                Bar(text="Hedui / floor, time", what="seconds", above=two.name, below=floor.name, limit=1.6),
                Bar(text="Polars / Hedui, time", what="seconds", above=polars.name, below=two.name, limit=1, at_least=True),
            ],
        ),
        "tiers": Group(
            title=f"Three tiers of {rows:,} rows in one pass",
            cases=[two, three],
            bars=[Bar(text="three tiers / two sides, time", what="seconds", above=three.name, below=two.name, limit=1.8)],
        ),
        "checks": Group(
            title=f"20 expectations on {check_rows:,} rows, all failing keys in hand",
            cases=[pushed, frame],
            bars=[
                Bar(text="pandas / Hedui, time", what="seconds", above=frame.name, below=pushed.name, limit=10, at_least=True),
                Bar(text="Hedui / pandas, memory", what="gigabytes", above=pushed.name, below=frame.name, limit=0.25),
            ],
        ),
    }


def xml_group(folder: Path, records: int) -> Group:
    """The table of XML packets: one packet in GBK, as received into Parquet."""
    where = {"folder": str(folder), "records": str(records)}
    ours = Case(name="Hedui, XML packet into the lake", work="hedui_packets", python=OURS, arguments=where)
    loop = Case(name="a plain lxml loop into Parquet", work="lxml_loop", python=OURS, arguments=where)
    return Group(
        title=f"One XML packet of {records:,} records of 20 fields, GBK",
        cases=[ours, loop],
        bars=[
            Bar(text="Hedui / plain loop, time", what="seconds", above=ours.name, below=loop.name, limit=1.5),
            Bar(text="Hedui / plain loop, memory", what="gigabytes", above=ours.name, below=loop.name, limit=1.5),
        ],
    )


def linkage_group(root: Path, rows: int) -> Group:
    """The table of linkage: two sides that share no number."""
    linked = Case(name="Hedui, linkage by Splink", work="hedui_linkage", python=OURS, arguments={"root": str(root)})
    return Group(title=f"Linkage of two residual sets of {rows:,}", cases=[linked], bars=[])


def flow_group(root: Path, rows: int) -> Group:
    """The table of flows: levies and payments of one night."""
    night = Case(name="Hedui, levy ↔ payment", work="hedui_flow", python=OURS, arguments={"root": str(root)})
    return Group(title=f"Flow comparison, {rows:,} rows a side", cases=[night], bars=[])


def extract_group(root: Path, rows: int) -> Group:
    """Rows of a table in PostgreSQL into Parquet."""
    whole = Case(
        name="Hedui: raw and canonical, checked", work="hedui_extraction", python=OURS, arguments={"root": str(root), "part": "all"}
    )
    raw = Case(name="Hedui: raw only", work="hedui_extraction", python=OURS, arguments={"root": str(root), "part": "raw"})
    frame = Case(name="pandas.read_sql, to_parquet", work="pandas_extraction", python=OURS, arguments={"root": str(root)})
    return Group(
        title=f"{rows:,} persons from PostgreSQL to Parquet, 14 columns",
        cases=[whole, raw, frame],
        bars=[
            Bar(text="pandas / Hedui raw only, time", what="seconds", above=frame.name, below=raw.name, limit=3, at_least=True),
            Ceiling(text="Hedui raw only, memory in GB", what="gigabytes", of=raw.name, limit=0.5),
            Bar(
                text="pandas / Hedui with types, rejects and proof, which pandas does not make, time",
                what="seconds",
                above=frame.name,
                below=whole.name,
            ),
            Ceiling(text="Hedui raw and canonical, memory in GB", what="gigabytes", of=whole.name, limit=0.5),
        ],
    )


def run_once(case: Case) -> dict[str, Any]:
    """The figures of one run in a fresh process."""
    command = [case.python, str(HERE / "work.py"), case.work, json.dumps(case.arguments)]
    process = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if process.returncode:
        raise SystemExit(f"{case.name}: ended with {process.returncode}")
    result: dict[str, Any] = json.loads(process.stdout.strip().splitlines()[-1])
    return result


def measure(group: Group, repeat: int) -> dict[str, Figures]:
    """Runs all cases of a group ``repeat`` times, forth and back."""
    figures = {case.name: Figures() for case in group.cases}
    for number in range(repeat):
        for case in group.cases if number % 2 == 0 else reversed(group.cases):
            result = run_once(case)
            mine = figures[case.name]
            mine.seconds.append(result["seconds"])
            mine.processor.append(result["processor"])
            mine.gigabytes.append(result["gigabytes"])
            mine.found = result["found"]
            shown = f"{result['seconds']:.2f} s, {result['gigabytes']:.2f} GB, {mine.found}"
            print(f"  {number + 1}/{repeat} {case.name}: {shown}", flush=True)
    return figures


def table(group: Group, figures: dict[str, Figures], head: str) -> str:
    """A group's figures as Markdown."""
    lines = [f"## {group.title}", "", head, ""]
    lines += ["| | seconds (all runs) | processor seconds | peak memory, GB | found |", "|---|--:|--:|--:|---|"]
    for case in group.cases:
        mine = figures[case.name]
        runs = ", ".join(f"{value:.1f}" for value in mine.seconds)
        found = ", ".join(f"{value:,} {name}" for name, value in mine.found.items())
        lines.append(
            f"| {case.name} | **{mine.median('seconds'):.2f}** ({runs}) | {mine.median('processor'):.1f} "
            f"| {mine.median('gigabytes'):.2f} | {found} |"
        )
    if not group.bars:
        return "\n".join(lines)
    lines += ["", "| ratio | measured | in processor time | bar | |", "|---|--:|--:|--:|---|"]
    return "\n".join([*lines, *(bar.row(figures) for bar in group.bars)])


def machine() -> str:
    """Machine, date, load of the machine and versions, in one line."""
    names = [line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    parts = []
    for who, python in (("Hedui", OURS), ("others", RIVALS)):
        code = f"import importlib.metadata as m; print(', '.join(f'{{n}} {{m.version(n)}}' for n in {VERSIONS[python]!r}))"
        parts.append(f"{who}: {subprocess.run([python, '-c', code], capture_output=True, text=True, check=True).stdout.strip()}")
    return (
        f"{dt.date.today():%Y-%m-%d}; {names[0] if names else platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GB; "
        f"load average at the start {os.getloadavg()[0]:.1f}; Python {platform.python_version()}; {'; '.join(parts)}."
    )


def write(path: Path, name: str, text: str) -> None:
    """Replaces one table between its markers and leaves the rest of the file alone."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    old = path.read_text("utf-8") if path.exists() else "# Benchmarks\n"
    block = f"{begin}\n{text}\n{end}"
    if begin in old and end in old:
        new = old[: old.index(begin)] + block + old[old.index(end) + len(end) :]
    else:
        new = f"{old.rstrip()}\n\n{block}\n"
    path.write_text(new, "utf-8")


def make_data(folder: Path, rows: int, tiers: int) -> tuple[Path, dict[str, str]]:
    """Makes the persons of some tiers and returns their lake's root and their canonical files."""
    root = folder / str(rows)
    print(f"data: {rows:,} rows in each of {tiers} tiers, in {root}", flush=True)
    made = subprocess.run(
        [OURS, str(HERE / "persons.py"), str(root), str(rows), str(tiers)], stdout=subprocess.PIPE, text=True, check=True
    )
    return root, json.loads(made.stdout)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000, help="rows a side of the comparisons (default: %(default)s)")
    parser.add_argument("--check-rows", type=int, default=5_000_000, help="rows of the expectations (default: %(default)s)")
    parser.add_argument("--packet-records", type=int, default=1_000_000, help="records of the XML packet (default: %(default)s)")
    parser.add_argument("--link-rows", type=int, default=500_000, help="rows a side of the linkage (default: %(default)s)")
    parser.add_argument("--flow-rows", type=int, default=30_000_000, help="rows a side of the flows (default: %(default)s)")
    parser.add_argument("--repeat", type=int, default=3, help="rounds (default: %(default)s)")
    parser.add_argument("--only", choices=GROUPS, action="append", help="only this table; may be given several times")
    parser.add_argument("--quick", action="store_true", help="300,000 rows, one round, results are only shown")
    parser.add_argument(
        "--folder", type=Path, default=ROOT / "var" / "bench", help="where the data are kept (default: %(default)s)"
    )
    given = parser.parse_args()
    if given.quick:
        given.rows = given.check_rows = 300_000
        given.link_rows = 50_000
        given.flow_rows = 300_000
        given.repeat = 1
    return given


def main() -> None:
    """Makes the data, measures, prints and writes the tables."""
    given = arguments()
    chosen = given.only or list(GROUPS)
    root, files = given.folder / str(given.rows), {}
    if {"snapshot", "tiers"} & set(chosen):
        root, files = make_data(given.folder, given.rows, 3 if "tiers" in chosen else 2)
    check_root, check_files = given.folder / str(given.check_rows), {}
    if "checks" in chosen:
        check_root, check_files = make_data(given.folder, given.check_rows, 1)
    head = machine()
    tables = groups(root, files, check_root, check_files, (given.rows, given.check_rows))
    if "flow" in chosen:
        flow_root = given.folder / f"flow-{given.flow_rows}"
        subprocess.run([OURS, str(HERE / "flows.py"), str(flow_root), str(given.flow_rows)], check=True)
        tables["flow"] = flow_group(flow_root, given.flow_rows)
    if "xml" in chosen:
        packets = given.folder / "packets"
        subprocess.run([OURS, str(HERE / "packets.py"), str(packets), str(given.packet_records)], check=True)
        tables["xml"] = xml_group(packets, given.packet_records)
    if "linkage" in chosen:
        link_root = given.folder / f"linkage-{given.link_rows}"
        subprocess.run([OURS, str(HERE / "linkage.py"), str(link_root), str(given.link_rows)], check=True)
        tables["linkage"] = linkage_group(link_root, given.link_rows)
    with ExitStack() as services:
        if "extract" in chosen:
            extract_root = given.folder / f"extract-{given.check_rows}"
            tables["extract"] = extract_group(extract_root, given.check_rows)
            services.enter_context(extraction.served(extract_root, given.check_rows))
        for name in chosen:
            print(tables[name].title, flush=True)
            text = table(tables[name], measure(tables[name], given.repeat), head)
            print(f"\n{text}\n", flush=True)
            if not given.quick:
                write(HERE / "RESULTS.md", name, text)


if __name__ == "__main__":
    main()
