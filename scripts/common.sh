# Read by the other scripts: where the sources are, how to speak, what to install.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '\n== %s\n' "$*"; }
fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

build_packages=(g++ cmake ninja-build pkg-config libopenblas-openmp-dev liblapacke-dev libhwy-dev libhdf5-dev
  zlib1g-dev libcli11-dev libfmt-dev nlohmann-json3-dev libtoml11-dev)
test_packages=(libgtest-dev libbenchmark-dev libboost-context-dev python3 gnuplot-nox)

# Installs the Debian or Ubuntu packages among its arguments that are missing; root is needed for nothing else.
install_missing() {
  command -v dpkg-query >/dev/null || fail "this script installs Debian packages; elsewhere install by hand: $*"
  local missing=() package
  for package in "$@"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing ${missing[*]}"
  local as_root=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || fail "not root and no sudo; as root run: apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" \
    >/dev/null || fail "apt-get could not install: ${missing[*]}"
}

# A second build is quick where ccache is there; it is not needed.
launchers=()
if command -v ccache >/dev/null; then
  export CCACHE_BASEDIR="$PWD" CCACHE_NOHASHDIR=1
  launchers=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache -DCMAKE_CUDA_COMPILER_LAUNCHER=ccache)
fi

# Whether there is an nvcc that can build the CUDA backend. cmake/cuda.cmake says which can.
have_nvcc() {
  local oldest=12.4 version
  command -v nvcc >/dev/null || return 1
  version=$(nvcc --version | sed -n 's/.*release \([0-9]*\.[0-9]*\).*/\1/p')
  [ -n "$version" ] && [ "$(printf '%s\n' "$oldest" "$version" | sort -V | head -n 1)" = "$oldest" ]
}

# build_preset NAME [cmake options]
build_preset() {
  local preset=$1
  shift
  cmake --preset "$preset" "${launchers[@]}" "$@" >"build-$preset.log" 2>&1 || {
    cat "build-$preset.log" >&2
    fail "configuring the preset $preset"
  }
  grep 'seesaw:' "build-$preset.log" || true
  rm -f "build-$preset.log"
  cmake --build --preset "$preset"
}
