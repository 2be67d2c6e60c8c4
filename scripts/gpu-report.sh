#!/usr/bin/env bash
# scripts/gpu-report.sh [build folder]: what nvcc made of every kernel of ours on every architecture, as one table, from
# the objects of the preset `cuda` and from what ptxas said of them (scripts/ptxas-log.sh); scripts/gpu_report.py says
# what the columns are. Needs no device. Fails where a kernel spills, has a stack frame or touches local memory, where
# an architecture is missing, and where a source has no report.
# The instructions are read with cuobjdump and nvdisasm: the toolkit's, or else those of the Python package index,
# installed under the build folder. Where neither can be had, the table has what ptxas said alone.
source "$(dirname "$0")/common.sh"
build=${1:-build/cuda}

version=13.2.51 # the oldest that the index has; it reads what older toolkits wrote
tools=$build/sass-tools-$version
if ! command -v cuobjdump >/dev/null || ! command -v nvdisasm >/dev/null; then
  if [ -d "$build" ] && [ ! -d "$tools" ]; then
    rm -rf "$tools.new"
    if PIP_ROOT_USER_ACTION=ignore python3 -m pip install --quiet --no-deps --timeout 10 --retries 1 \
      --target "$tools.new" "nvidia-cuda-cuobjdump==$version" "nvidia-cuda-nvdisasm==$version"; then
      mv "$tools.new" "$tools"
    fi
  fi
  PATH=$tools/nvidia/cu13/bin:$PATH
fi
python3 scripts/gpu_report.py "$build"
