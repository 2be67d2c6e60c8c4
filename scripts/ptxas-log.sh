#!/usr/bin/env bash
# scripts/ptxas-log.sh nvcc ... -o file.o: runs the compiler with -Xptxas -v and keeps what ptxas says of each kernel in
# file.o.ptxas, for scripts/gpu-report.sh; everything else is passed on. CMake's CUDA compiler launcher.
set -uo pipefail
object=
for ((n = 1; n < $#; ++n)); do
  if [ "${!n}" = -o ]; then
    next=$((n + 1))
    object=${!next}
  fi
done
case "$object" in
  *.o) ;;
  *) exec "$@" ;;
esac
"$@" -Xptxas -v 2>"$object.ptxas.new"
status=$?
grep -v -E '^ptxas info|^ +[0-9]+ bytes stack frame' "$object.ptxas.new" >&2
mv "$object.ptxas.new" "$object.ptxas"
exit "$status"
