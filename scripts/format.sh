#!/usr/bin/env bash
# scripts/format.sh formats every source file in place; --check only says which are not formatted.
source "$(dirname "$0")/common.sh"
command -v clang-format >/dev/null || install_missing clang-format
mapfile -t files < <(git ls-files --cached --others --exclude-standard '*.cpp' '*.hpp' '*.h' '*.cu' '*.cuh')
if [ "${1:-}" = --check ]; then
  clang-format --dry-run --Werror "${files[@]}"
else
  clang-format -i "${files[@]}"
fi
