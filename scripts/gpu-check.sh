#!/usr/bin/env bash
# scripts/gpu-check.sh [file.json]: what to run on a machine with a CUDA device. Every test on it (none may be skipped
# for want of a device), compute-sanitizer over the rows' tests, the benches on cpu and cuda. All results are in one
# JSON file (gpu-check/gpu-check.json unless given; scripts/gpu_check.py says what stands in it), the logs beside it.
# Every step is done and the file is written whatever failed before; the exit status is 1 where anything failed. Needs
# python3, and nvcc unless the preset `cuda` is built already.
#   scripts/gpu-check.sh                     the results in gpu-check/
#   scripts/gpu-check.sh results/h100.json   in results/
source "$(dirname "$0")/common.sh"
json=${1:-gpu-check/gpu-check.json}
logs=$(dirname "$json")
tests=build/cuda/tests/seesaw_test
bench=build/cuda/bench
mkdir -p "$logs"

device=$(nvidia-smi --query-gpu=name,driver_version --format=csv,noheader) || fail "this machine has no CUDA device"
device=${device%%$'\n'*} # the first of them is the one that is used
echo "$device"
[ -x "$tests" ] || build_preset cuda

facts=("device=${device%,*}" "driver=${device##*, }")
facts+=("toolkit=$(nvcc --version 2>/dev/null | sed -n 's/.*release [0-9.]*, V//p' || true)")
facts+=("commit=$(git describe --always --dirty --abbrev=40 --exclude='*' 2>/dev/null || true)")

# step NAME command...: runs it, its words in NAME.log, and keeps the verdict.
step() {
  local name=$1
  shift
  say "$name"
  if "$@" >"$logs/$name.log" 2>&1; then facts+=("$name=passed"); else facts+=("$name=failed"); fi
  tail -n 40 "$logs/$name.log"
}

rm -f "$logs"/{tests,*_bench}.json
step tests "$tests" --gtest_brief=1 --gtest_output="json:$logs/tests.json"
if grep -q 'no CUDA device\|no CUDA backend' "$logs/tests.log"; then facts+=("tests=no device"); fi

rows='Backends/*.*/cuda:-*Large*:*PastTwo*:*Acceptance*:*Checkerboard*:Backends/Als*:*AnImpossible*:*HostPointers*'
for tool in memcheck racecheck synccheck; do
  if command -v compute-sanitizer >/dev/null; then
    step "$tool" compute-sanitizer --tool "$tool" --error-exitcode 9 "$tests" --gtest_brief=1 --gtest_filter="$rows"
  else
    facts+=("$tool=not there")
  fi
done

for program in "$bench"/*_bench; do
  name=$(basename "$program")
  [ "$name" = ratings_bench ] || # which reads files
    step "$name" "$program" --benchmark_out="$logs/$name.json" --benchmark_out_format=json
done

say "$json"
python3 scripts/gpu_check.py "$json" "${facts[@]}"
