#!/usr/bin/env bash
# bench/cost_model.sh [build folder]: how the time of the rows grows beside the formulas of docs/cost-model.md. Doubles
# the entries, the rank and the rows with the programs of bench/, on one thread (build folder: build/release unless
# given, from the preset release); writes the fitted exponents into docs/cost-model.md and a plot, docs/cost-model.svg.
source "$(dirname "$0")/../scripts/common.sh"

build=${1:-build/release}
[ -x "$build/bench/solve_rows_bench" ] || fail "no $build/bench/solve_rows_bench: build the preset release first"
command -v gnuplot >/dev/null || install_missing gnuplot-nox
command -v python3 >/dev/null || install_missing python3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 bench/cost_model.py "$build/bench" "$work" docs/cost-model.md
gnuplot -c "$work/plot.gnuplot" >docs/cost-model.svg
