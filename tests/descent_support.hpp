#pragma once
#include "support.hpp"

// The objective of explicit ratings in plain loops over one long vector, X and then Y, for the tests of solvers that
// descend.
namespace seesaw::test {

using Point = std::vector<double>;

inline double dot(const Point& a, const Point& b) {
  double sum = 0;
  for (std::size_t n = 0; n < a.size(); ++n) sum += a[n] * b[n];
  return sum;
}

inline Point difference(const Point& a, const Point& b) {
  Point d(a);
  for (std::size_t n = 0; n < a.size(); ++n) d[n] -= b[n];
  return d;
}

/// Not centred, the penalty plain.
struct PlainObjective {
  index_t rows, cols, rank;
  std::vector<Entry> entries;
  double lambda;

  double* row(Point& p, index_t i) const { return p.data() + i * rank; }
  double* col(Point& p, index_t j) const { return p.data() + (rows + j) * rank; }

  double residual(Point& p, const Entry& e) const {
    double r = e.value;
    for (index_t f = 0; f < rank; ++f) r -= row(p, e.row)[f] * col(p, e.col)[f];
    return r;
  }
  double value(Point p) const {
    double sum = 0.5 * lambda * dot(p, p);
    for (const Entry& e : entries) sum += 0.5 * residual(p, e) * residual(p, e);
    return sum;
  }
  Point gradient(Point p) const {
    Point g(p);
    for (double& element : g) element *= lambda;
    for (const Entry& e : entries) {
      const double r = residual(p, e);
      for (index_t f = 0; f < rank; ++f) {
        row(g, e.row)[f] -= r * col(p, e.col)[f];
        col(g, e.col)[f] -= r * row(p, e.row)[f];
      }
    }
    return g;
  }
  CompletionOptions options(int sweeps) const {
    CompletionOptions o;
    o.rank = rank;
    o.lambda_x = o.lambda_y = lambda;
    o.weighting = Weighting::plain;
    o.centre = false;
    o.stopping.sweeps = sweeps;
    return o;
  }
};

/// A part of the entries of a rows x cols matrix, normal.
inline std::vector<Entry> normal_entries(index_t rows, index_t cols, double part, std::uint64_t seed) {
  std::vector<Entry> entries;
  std::uint64_t draw = 0;
  for (column_t i = 0; i < rows; ++i)
    for (column_t j = 0; j < cols; ++j) {
      const double uniform = random_uniform(seed, draw++), value = random_normal(seed, draw++);
      if (uniform < part) entries.push_back({i, j, value});
    }
  return entries;
}

template <class T>
Point point_of(const CompletionResult<T>& result) {
  Point p;
  for (const Matrix<T>* factor : {&result.x, &result.y}) {
    const Matrix<T> host = to_host(*factor);
    for (index_t n = 0; n < host.rows() * host.cols(); ++n) p.push_back(static_cast<double>(host.view().data[n]));
  }
  return p;
}

/// The factors at a start drawn from `seed` and after each of `sweeps` sweeps of solve(problem, options), which is the
/// same every time.
template <class Solve>
std::vector<Point> path_of(Context& ctx, const PlainObjective& problem, int sweeps, std::uint64_t seed, Solve solve) {
  const auto ratings = to_context(ctx, csr_of<double>(problem.rows, problem.cols, problem.entries));
  const auto x = random_matrix<double>(problem.rows, problem.rank, ~seed);
  const auto y = random_matrix<double>(problem.cols, problem.rank, seed);
  Point start;
  for (const auto* factor : {&x, &y})
    start.insert(start.end(), factor->view().data, factor->view().data + factor->rows() * factor->cols());
  std::vector<Point> points{start};
  const auto x_ctx = to_context(ctx, x), y_ctx = to_context(ctx, y);
  for (int n = 1; n <= sweeps; ++n)
    points.push_back(
        point_of(solve(CompletionProblem<double>{ratings.view(), {}, read(y_ctx), read(x_ctx)}, problem.options(n))));
  return points;
}

/// How far `a` is from being a multiple c b, c > 0, relative to |a|.
inline double off_direction(const Point& a, const Point& b) {
  const double along = dot(a, b) / dot(b, b);
  if (along <= 0) return std::numeric_limits<double>::infinity();
  double off = 0;
  for (std::size_t n = 0; n < a.size(); ++n) off += (a[n] - along * b[n]) * (a[n] - along * b[n]);
  return std::sqrt(off / dot(a, a));
}

}  // namespace seesaw::test
