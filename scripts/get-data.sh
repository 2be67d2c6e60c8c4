#!/usr/bin/env bash
# scripts/get-data.sh ml-100k [folder]: puts MovieLens 100K into data/ml-100k (or the folder) and checks it.
# From its publisher, GroupLens; where that cannot be reached, from the Python package recbole, which carries it.
# The data may be used for research under the terms of their README; they are not part of this repository.
source "$(dirname "$0")/common.sh"

[ "${1:-}" = ml-100k ] || fail "usage: scripts/get-data.sh ml-100k [folder]"
target=${2:-data/ml-100k}
url=https://files.grouplens.org/datasets/movielens/ml-100k.zip
wheel=recbole==1.2.1
sums='06416e597f82b7342361e41163890c81036900f418ad91315590814211dca490  u.data
ce253ec86c448b44fb3ba9a30d12dcfc2e9210cbde71efada3730c22e9ac212a  u1.base
18c6014a4b2c7324f250a63f8904a7b16b2b19f911129e346141507b0cbac950  u1.test'

check() { (cd "$1" 2>/dev/null && [ -s u.item ] && sha256sum --quiet --check - <<<"$sums" >/dev/null 2>&1); }

if check "$target"; then
  echo "MovieLens 100K is in $target"
  exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/ml-100k"

from_publisher() {
  install_missing curl ca-certificates unzip
  curl --fail --silent --show-error --location --connect-timeout 20 --max-time 300 -o "$work/ml-100k.zip" "$url" &&
    unzip -q -o "$work/ml-100k.zip" -d "$work"
}

# The package has u.data under another header and the titles; u1 is the first fifth of u.data against the rest, sorted.
from_package() {
  python3 -m pip --version >/dev/null 2>&1 || install_missing python3 python3-pip
  python3 -m pip download --quiet --no-deps --disable-pip-version-check --dest "$work" "$wheel" || return 1
  python3 - "$work" <<'PYTHON'
import csv, glob, io, sys, zipfile
work = sys.argv[1]
package = zipfile.ZipFile(glob.glob(work + "/recbole-*.whl")[0])
read = lambda name: package.read("recbole/dataset_example/ml-100k/ml-100k." + name).decode("utf-8")
lines = read("inter").replace("\r", "").splitlines()[1:]
key = lambda line: [int(field) for field in line.split("\t")[:2]]
write = lambda name, rows: open(f"{work}/ml-100k/{name}", "w", newline="").write("".join(r + "\n" for r in rows))
write("u.data", lines)
write("u1.test", sorted(lines[:20000], key=key))
write("u1.base", sorted(lines[20000:], key=key))
items = csv.reader(io.StringIO(read("item")), delimiter="\t", quoting=csv.QUOTE_NONE)
next(items)
open(f"{work}/ml-100k/u.item", "w", encoding="latin-1", errors="replace").writelines(
    f"{number}|{title} ({year})|\n" for number, title, year, *_ in items)
PYTHON
}

if from_publisher; then
  source_name="its publisher, $url"
else
  echo "$url cannot be reached; taking the data from the Python package $wheel"
  from_package || fail "neither $url nor the Python package $wheel can be reached"
  source_name="the Python package $wheel"
fi
check "$work/ml-100k" || fail "the data from $source_name do not have the expected checksums"
mkdir -p "$target"
cp "$work"/ml-100k/* "$target"
echo "MovieLens 100K is in $target, from $source_name"
