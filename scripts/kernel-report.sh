#!/usr/bin/env bash
# scripts/kernel-report.sh [build folder]: the registers, shared memory, spills and stack frame of every kernel on every
# architecture, as ptxas reported them when the preset `cuda` was built (scripts/ptxas-log.sh keeps its words beside the
# objects). Fails where a kernel spills or has a stack frame, where an architecture is missing, and where a source has
# no report. Kernels that Thrust brings are counted, not judged. Shared memory is the static part; what a kernel takes
# at its launch stands in its comment.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build/cuda}

logs=()
while read -r source; do
  log=$(find "$build" -path "*/$source.o.ptxas" -print -quit 2>/dev/null)
  if [ -z "$log" ]; then
    echo "kernel-report: $source has no ptxas report under $build; build the preset 'cuda'" >&2
    exit 1
  fi
  logs+=("$log")
done < <(grep -o 'kernels/cuda/[a-z_]*\.cu' kernels/cuda/sources.cmake)

report=$(mktemp)
trap 'rm -f "$report"' EXIT
cat "${logs[@]}" | c++filt -p | awk -F "'" -v OFS='\t' '
  /Compiling entry function/ {
    name = $2
    arch = $4
    library = name ~ /(cub|thrust)::/
    gsub(/seesaw::cuda::|\(anonymous namespace\)::/, "", name)
  }
  /bytes stack frame/ {
    split($0, words, " ")
    stack = words[1]
    spilled = words[5] + words[9]
  }
  /Used [0-9]+ registers/ {
    match($0, /Used [0-9]+/)
    registers = substr($0, RSTART + 5, RLENGTH - 5)
    shared = match($0, /[0-9]+ bytes smem/) ? substr($0, RSTART, RLENGTH - 11) : 0
    print (library ? "library" : "ours"), name, arch, registers, shared, spilled, stack
  }' >"$report"

{
  printf 'kernel\tarch\tregisters\tshared\tspills\tstack\n'
  awk -F '\t' -v OFS='\t' '$1 == "ours" { print $2, $3, $4, $5, $6, $7 }' "$report" | sort -t $'\t' -k1,1 -k2,2V
} | column -t -s $'\t'

failed=0
for arch in sm_80 sm_90 sm_100; do
  grep -q $'^ours\t.*\t'"$arch"$'\t' "$report" || { echo "kernel-report: nothing for $arch" >&2; failed=1; }
done
bad=$(awk -F '\t' '$1 == "ours" && $6 + $7 > 0' "$report" | wc -l)
ours=$(grep -c '^ours' "$report" || true)
echo "$ours kernels x architectures, $bad with spills or a stack frame; $(grep -c '^library' "$report" || true) of Thrust's"
[ "$bad" -eq 0 ] && [ "$failed" -eq 0 ]
