#pragma once
#include <span>

#include "seesaw/matrix.hpp"

namespace seesaw {

/// What the coordinates of a point of the simplex sum to.
enum class SimplexSum {
  equal,   ///< {z >= 0, sum z = r}
  at_most  ///< {z >= 0, sum z <= r}: for z >= 0 the projection on the l1 ball
};

/// z becomes its Euclidean projection on a simplex: max(z - theta, 0) with the theta that gives the sum, and theta = 0
/// where the sum may be less and is. Returns theta.
///
/// z  in host memory, at least one number     r  > 0, finite
/// Throws InvalidArgument, also for a number that is not finite.
/// Source: Duchi, Shalev-Shwartz, Singer, Chandra (2008), "Efficient projections onto the l1-ball for learning in high
/// dimensions", figure 1.
double project_simplex(std::span<double> z, double r, SimplexSum sum = SimplexSum::equal);

/// out = the matrix of nuclear norm <= `radius` that is nearest to `in` in the Frobenius norm: its singular values
/// projected on {s >= 0, sum s <= radius}, its singular vectors kept. Returns the rank of `out`: how many of them are
/// left above rounding.
///
/// in, out  m x n, may be the same; one within the ball is copied as it is     radius  > 0, finite
/// Takes the memory of svd() and of its factors. Throws ShapeError, InvalidArgument, OutOfMemory. On CUDA it waits.
/// Source: Cai, Candès, Shen (2010), "A singular value thresholding algorithm for matrix completion", section 2.
index_t project_nuclear_ball(Context& ctx, MatrixView<const float> in, double radius, MatrixView<float> out);
index_t project_nuclear_ball(Context& ctx, MatrixView<const double> in, double radius, MatrixView<double> out);

}  // namespace seesaw
