#!/usr/bin/env bash
# bench/peers/run.sh [options]: Seesaw beside the Python packages implicit and cmfrec, on the same data, k, lambda,
# sweeps and threads; prints one table and writes it as JSON. --help lists the options; compare.py says what is measured
# and how. Needs a built Seesaw (--seesaw PATH), Python 3.11 or newer, a C compiler for cmfrec and, the first time, the
# Python package index. Everything it makes lies under build/peers (the data elsewhere with --cache FOLDER).
#   bench/peers/run.sh                                               MovieLens 100K
#   bench/peers/run.sh --data ml-20m --ranks 32,64 --sweeps 10       its shape with 20 million planted ratings
source "$(dirname "$0")/../../scripts/common.sh"

here=bench/peers
venv=build/peers/venv
if ! cmp --silent "$here/requirements.txt" "$venv/installed.txt"; then
  python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    install_missing python3 python3-venv
  [ -f "$(python3 -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h" ] ||
    install_missing python3-dev
  command -v cc >/dev/null || install_missing gcc libc6-dev
  say "installing the peers; cmfrec is compiled for this machine, which takes minutes"
  rm -rf "$venv"
  python3 -m venv "$venv"
  # cmfrec's own build adds -O3 -march=native and OpenMP, and takes its BLAS from SciPy.
  PIP_CONSTRAINT="$PWD/$here/requirements.txt" "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    --no-cache-dir --no-binary cmfrec -r "$here/requirements.txt"
  cp "$here/requirements.txt" "$venv/installed.txt"
fi
export PYTHONDONTWRITEBYTECODE=1
exec "$venv/bin/python" "$here/compare.py" "$@"
