#!/usr/bin/env bash
# Makes the environment of the peers (.venv-bench) from its lock and measures; arguments go to bench.py (see bench.py --help). Without
# arguments the lists and the month's statistics are measured too: workbook_rows.py, monthly_statistics.py.
# Hedui itself runs on the Python that is first on PATH: `make bench` puts .venv/bin there.
set -euo pipefail
cd "$(dirname "$0")/.."
mark=".venv-bench/.made-$(cksum <benchmarks/requirements.txt | cut -d' ' -f1)"
if [ ! -e "$mark" ]; then
  python scripts/bootstrap.py .venv-bench benchmarks/requirements.txt
  touch "$mark"
fi
python benchmarks/bench.py "$@"
if [ $# -eq 0 ]; then
  python benchmarks/workbook_rows.py
  python benchmarks/monthly_statistics.py
fi
