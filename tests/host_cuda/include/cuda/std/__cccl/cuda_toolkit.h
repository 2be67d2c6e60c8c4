#pragma once
// Shadows CCCL's header of this name, which asks whether <cuda_runtime_api.h> exists and then includes the toolkit's
// vector types and runtime, whose names are ours in this build. The answer here is: no toolkit.
#define _CCCL_HAS_CTK() 0
#define _CCCL_CTK() 0
#define _CCCL_CTK_BELOW(...) 0
#define _CCCL_CTK_AT_LEAST(...) 0
