#pragma once
// Included before any header of Highway: which instruction sets the SIMD files are compiled for. Those left out bring
// nothing here over the one that is kept below them, except SVE: its vectors have no size at compile time and cannot be
// kept in the arrays that the register tiles are; such machines run the NEON code.
#ifndef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#endif

#include <string>
#include <vector>

namespace seesaw::cpu {

/// Names of the instruction sets that are compiled in and that this machine has, the best first.
std::vector<std::string> simd_targets();

/// Makes the environment variable SEESAW_SIMD count: the set that it names runs from now on, the best where it is not
/// set. Throws InvalidArgument where it names none of simd_targets().
void choose_simd_target();

/// The name of the instruction set that this machine really runs.
const char* simd_target();

}  // namespace seesaw::cpu
