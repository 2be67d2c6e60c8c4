#!/usr/bin/env bash
# scripts/gpu-check.sh [folder]: what to run on a machine with a CUDA device. Every test on it (none may be skipped for
# want of a device), compute-sanitizer over the rows' tests, the benches; results go to the folder (default:
# gpu-check/), the benches as JSON. Builds the preset `cuda` unless its test program is there already.
source "$(dirname "$0")/common.sh"
out=${1:-gpu-check}
tests=build/cuda/tests/seesaw_test
bench=build/cuda/bench
mkdir -p "$out"

nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader || fail "this machine has no CUDA device"
[ -x "$tests" ] || build_preset cuda

say "tests"
"$tests" --gtest_brief=1 | tee "$out/tests.log"
if grep -q 'no CUDA device\|no CUDA backend' "$out/tests.log"; then fail "the cuda tests were skipped"; fi

if command -v compute-sanitizer >/dev/null; then
  rows='Backends/*.*/cuda:-*Large*:*PastTwo*:*Acceptance*:*Checkerboard*:Backends/Als*:*AnImpossible*:*HostPointers*'
  for tool in memcheck racecheck synccheck; do
    say "compute-sanitizer --tool $tool"
    compute-sanitizer --tool "$tool" --error-exitcode 9 "$tests" --gtest_brief=1 --gtest_filter="$rows" \
      >"$out/$tool.log" 2>&1 || { tail -40 "$out/$tool.log"; fail "$tool"; }
    tail -2 "$out/$tool.log"
  done
else
  echo "not done: there is no compute-sanitizer here"
fi

say "benches"
for program in "$bench"/*_bench; do
  case "$program" in *ratings_bench) continue ;; esac
  "$program" --benchmark_filter=cuda --benchmark_out="$out/$(basename "$program").json" --benchmark_out_format=json
done
