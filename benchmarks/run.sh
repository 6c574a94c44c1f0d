#!/usr/bin/env bash
# Makes the environment of the peers (.venv-bench) from its lock and measures; arguments go to bench.py (see bench.py --help).
# Hedui itself runs on the Python that is first on PATH: `make bench` puts .venv/bin there.
set -euo pipefail
cd "$(dirname "$0")/.."
mark=".venv-bench/.made-$(cksum <benchmarks/requirements.txt | cut -d' ' -f1)"
if [ ! -e "$mark" ]; then
  python scripts/bootstrap.py .venv-bench benchmarks/requirements.txt
  touch "$mark"
fi
exec python benchmarks/bench.py "$@"
