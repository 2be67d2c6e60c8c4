#include "seesaw/projections.hpp"

#include <cmath>
#include <functional>

#include "finite.hpp"
#include "nuclear_projection.hpp"

namespace seesaw {
namespace {

void require_radius(const char* name, double radius) {
  require(radius > 0 && std::isfinite(radius), name, radius, "a finite number > 0");
}

template <class T>
index_t run(Context& ctx, MatrixView<const T> in, double radius, MatrixView<T> out) {
  require_view(ctx, in, "in");
  require_view(ctx, out, "out");
  require_shape("out", out.rows, out.cols, in.rows, in.cols);
  require_radius("radius", radius);
  if (in.empty()) return 0;
  require_finite(ctx, in, "in");
  NuclearProjection<T> projection(ctx, in.rows, in.cols);
  Matrix<T> copy(ctx, in.rows, in.cols);
  copy_matrix(ctx, in, copy.view());
  const bool within = projection.decompose(copy.view(), radius);
  if (!within)
    projection.compose(out);
  else if (in.data != out.data)
    copy_matrix(ctx, in, out);
  return projection.rank();
}

}  // namespace

double project_simplex(std::span<double> z, double r, SimplexSum sum) {
  if (z.empty()) throw InvalidArgument("z is empty, expected at least one number");
  require_radius("r", r);
  for (std::size_t n = 0; n < z.size(); ++n)
    require(std::isfinite(z[n]), ("z[" + std::to_string(n) + "]").c_str(), z[n], "a finite number");
  double positive = 0;
  for (const double value : z) positive += std::max(value, 0.0);
  if (sum == SimplexSum::at_most && positive <= r) {
    for (double& value : z) value = std::max(value, 0.0);
    return 0;
  }
  // The j largest coordinates stay above 0 for the largest j with z_(j) > (z_(1) + ... + z_(j) - r) / j. Less the
  // largest, which changes nothing, so that a sum much less than the coordinates is not lost in them.
  std::vector<double> sorted(z.begin(), z.end());
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  const double largest = sorted.front();
  double theta = -r;
  for (std::size_t j = 1; j < sorted.size() && sorted[j] - largest > theta; ++j)
    theta += (sorted[j] - largest - theta) / static_cast<double>(j + 1);
  for (double& value : z) value = std::max(value - largest - theta, 0.0);
  return largest + theta;
}

index_t project_nuclear_ball(Context& ctx, MatrixView<const float> in, double radius, MatrixView<float> out) {
  return run(ctx, in, radius, out);
}
index_t project_nuclear_ball(Context& ctx, MatrixView<const double> in, double radius, MatrixView<double> out) {
  return run(ctx, in, radius, out);
}

}  // namespace seesaw
