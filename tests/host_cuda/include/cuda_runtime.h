#pragma once
// Stands in for the toolkit's <cuda_runtime.h>: the part of it that the kernels and their launchers use, same names and
// signatures, run on the CPU.
#include "host_cuda/builtins.h"
#include "host_cuda/launch.h"
#include "host_cuda/runtime_api.h"
#include "host_cuda/vector_types.h"
#include "host_cuda/warp.h"
