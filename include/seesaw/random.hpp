#pragma once
#include <cstdint>

#include "seesaw/matrix.hpp"

namespace seesaw {

/// Counter-based random numbers: the n-th number of a seed is a function of (seed, n) alone, so every backend, thread
/// and program draws the same ones. Philox4x32-10 of Salmon, Moraes, Dror, Shaw (2011), "Parallel random numbers: as
/// easy as 1, 2, 3".
std::uint64_t random_bits(std::uint64_t seed, std::uint64_t n);
/// Uniform in (0, 1): an odd multiple of 2^-54, so that it is neither 0 nor 1.
double random_uniform(std::uint64_t seed, std::uint64_t n);
/// Standard normal, by the inverse of its distribution function (Wichura 1988, algorithm AS 241, about 1e-16).
double random_normal(std::uint64_t seed, std::uint64_t n);

/// matrix(i, j) = scale * random_normal(seed, i * cols + j). The matrix lies in the context's memory space.
void fill_normal(Context& ctx, std::uint64_t seed, double scale, MatrixView<float> matrix);
void fill_normal(Context& ctx, std::uint64_t seed, double scale, MatrixView<double> matrix);

}  // namespace seesaw
