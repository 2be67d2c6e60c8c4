#!/usr/bin/env bash
# bench/peers/run.sh [options]: Seesaw beside the Python packages implicit and cmfrec, on the same data, k, lambda,
# sweeps and threads; prints one table and writes it as JSON. --help lists the options; compare.py says what is measured
# and how. With time_to_rmse as the first word: how long SGD, and LIBMF's, takes to ALS's RMSE (time_to_rmse.py). With
# cp: CP decomposition beside TensorLy, pyttb and GenTen (cp.py), which are installed apart, in build/peers/venv-cp.
# Needs a built Seesaw (--seesaw PATH), Python 3.11 or newer, a C++ compiler and, the first time, the Python package
# index. Everything it makes lies under build/peers (the data elsewhere with --cache FOLDER).
#   bench/peers/run.sh                                               MovieLens 100K
#   bench/peers/run.sh --data ml-20m --ranks 32,64 --sweeps 10       its shape with 20 million planted ratings
#   bench/peers/run.sh time_to_rmse --data ml-20m --most 30
#   bench/peers/run.sh cp --tensors uber --sweeps 6
source "$(dirname "$0")/../../scripts/common.sh"

here=bench/peers
export PYTHONDONTWRITEBYTECODE=1
if [ "${1:-}" = cp ]; then
  shift
  venv=build/peers/venv-cp
  if ! cmp --silent "$here/requirements-cp.txt" "$venv/installed.txt"; then
    python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
      install_missing python3 python3-venv
    say "installing the peers"
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-cache-dir -r "$here/requirements-cp.txt"
    cp "$here/requirements-cp.txt" "$venv/installed.txt"
  fi
  exec "$venv/bin/python" "$here/cp.py" "$@"
fi

venv=build/peers/venv
if ! cmp --silent "$here/requirements.txt" "$venv/installed.txt"; then
  python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    install_missing python3 python3-venv
  [ -f "$(python3 -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h" ] ||
    install_missing python3-dev
  command -v c++ >/dev/null || install_missing g++
  say "installing the peers; cmfrec and LIBMF are compiled for this machine, which takes minutes"
  rm -rf "$venv"
  python3 -m venv "$venv"
  # cmfrec's own build adds -O3 -march=native and OpenMP, and takes its BLAS from SciPy; LIBMF's is told of them here,
  # and to use AVX as its own Makefile does.
  simd=$(grep -qw avx /proc/cpuinfo && echo -DUSEAVX || true)
  CFLAGS="-O3 -march=native $simd -DUSEOMP -fopenmp" LDFLAGS=-fopenmp PIP_CONSTRAINT="$PWD/$here/requirements.txt" \
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-cache-dir --no-binary cmfrec \
    -r "$here/requirements.txt"
  cp "$here/requirements.txt" "$venv/installed.txt"
fi
script=compare.py
if [ "${1:-}" = time_to_rmse ]; then
  script=time_to_rmse.py
  shift
fi
exec "$venv/bin/python" "$here/$script" "$@"
