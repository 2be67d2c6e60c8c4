#!/usr/bin/env bash
# Builds and runs every test: all backends, the CUDA kernels over host_cuda, AddressSanitizer and UBSan, the build by
# nvcc where there is one, and a small project that consumes the installed library. Can be run again and again.
source "$(dirname "$0")/common.sh"

export OMP_WAIT_POLICY=passive # several tests run at once: threads that wait must not take the others' cores
not_done=()
install_missing "${build_packages[@]}" "${test_packages[@]}"
if ! have_nvcc; then
  install_missing libthrust-dev # Thrust's C++ backend, on which the device-wide algorithms run over host_cuda
  not_done+=("no nvcc of CUDA 12.4 or newer: the CUDA kernels were compiled and run over host_cuda only")
fi
[ -e ../shared/data/ml-100k/u1.base ] || bash scripts/get-data.sh ml-100k ||
  not_done+=("no MovieLens 100K: its figures were not reproduced (see scripts/get-data.sh)")

say "no kernel launch outside launch()"
sources=('*.cu' '*.cuh' '*.cpp' '*.hpp' '*.h')
if git grep -nI '<<<' -- "${sources[@]}" ||
  git grep -nIE '(cuda|cu)Launch[A-Z]' -- "${sources[@]}" ':!kernels/cuda/launch.cuh' ':!tests/host_cuda'; then
  fail "these launches go round launch()"
fi

native=release
if have_nvcc; then
  native=cuda
  nvidia-smi >/dev/null 2>&1 || not_done+=("no CUDA device: what nvcc built was linked, not run; its tests are skipped")
fi
for preset in "$native" host-cuda asan; do
  say "preset $preset: build"
  build_preset "$preset"
  say "preset $preset: tests"
  left_out=()
  # What reference and cpu do the native preset has shown.
  [ "$preset" != host-cuda ] || left_out=(-E '/(reference|cpu)( |$)')
  # Under the sanitizers whole runs of solvers over host_cuda take minutes; their rows have tests of their own.
  [ "$preset" != asan ] || left_out=(-E '(Acceptance|Checkerboard|CompleteTensor|GradientDescent|Sgd)[.].*/cuda')
  ctest --preset "$preset" --parallel "$(nproc)" "${left_out[@]}"
done

if [ "$native" = cuda ]; then
  say "registers, spills, resident warps and hot loop of every kernel"
  bash scripts/gpu-report.sh | tee build/cuda/gpu-report.txt
  line=$(grep '^not done: ' build/cuda/gpu-report.txt) && not_done+=("${line#not done: }")
fi

say "a project that finds the installed library"
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT
cmake --install "build/$native" --prefix "$prefix" >/dev/null
cmake -S tests/consumer -B "$prefix/consumer" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" >/dev/null
cmake --build "$prefix/consumer"
"$prefix/consumer/consumer"

say "all tests passed"
for line in "${not_done[@]}"; do echo "not done: $line"; done
