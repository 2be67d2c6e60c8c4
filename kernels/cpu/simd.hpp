#pragma once
// Included before any header of Highway: which instruction sets the SIMD files are compiled for. Those left out bring
// nothing here over the one that is kept below them, except SVE: its vectors have no size at compile time and cannot be
// kept in the arrays that the register tiles are; such machines run the NEON code.
#ifndef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#endif

namespace seesaw::cpu {

/// The name of the instruction set that this machine really runs.
const char* simd_target();

}  // namespace seesaw::cpu
