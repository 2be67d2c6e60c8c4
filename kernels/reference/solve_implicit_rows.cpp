#include "solve_implicit_rows.hpp"

#include "small_dense.hpp"

namespace seesaw::reference {
namespace {

/// out = a x.
template <class T>
void multiply(MatrixView<const T> a, const T* x, T* out) {
  for (index_t f = 0; f < a.rows; ++f) {
    out[f] = 0;
    for (index_t g = 0; g < a.cols; ++g) out[f] += a(f, g) * x[g];
  }
}

template <class T>
T dot(const std::vector<T>& a, const std::vector<T>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), T{0});
}

/// x of a = L L'-preconditioned steps of conjugate gradients for a x = b. Golub, Van Loan, "Matrix Computations",
/// section 11.5.
template <class T>
void conjugate_gradients(MatrixView<const T> a, MatrixView<const T> l, const T* b, int steps, T* x) {
  const auto k = static_cast<std::size_t>(a.rows);
  std::vector<T> r(b, b + k), z, p, ap(k);
  z = r;
  cholesky_solve(l, z.data());
  const T least = cg_cutoff(dot(r, z));
  multiply(a, x, r.data());
  for (std::size_t f = 0; f < k; ++f) r[f] = b[f] - r[f];
  z = r;
  cholesky_solve(l, z.data());
  p = z;
  T rz = dot(r, z);
  for (int step = 0; step < steps && rz > least; ++step) {
    multiply(a, p.data(), ap.data());
    const T alpha = rz / dot(p, ap);
    for (std::size_t f = 0; f < k; ++f) {
      x[f] += alpha * p[f];
      r[f] -= alpha * ap[f];
    }
    z = r;
    cholesky_solve(l, z.data());
    const T before = rz;
    rz = dot(r, z);
    for (std::size_t f = 0; f < k; ++f) p[f] = z[f] + rz / before * p[f];
  }
}

/// The problem as it stands: M = the root of the weight times y_j for every j, observed or not, then the root of the
/// ridge; M x = (that root where j is observed, 0).
template <class T>
void solve_singular_row(CsrView<T> confidences, MatrixView<const T> y, const ImplicitModel& model, index_t i, T ridge,
                        T* x) {
  const index_t k = y.cols, rows = y.rows + k;
  std::vector<T> m_data(static_cast<std::size_t>(rows * k), T{0}), b(static_cast<std::size_t>(rows), T{0});
  const MatrixView<T> m(m_data.data(), rows, k);
  std::vector<T> root(static_cast<std::size_t>(y.rows), static_cast<T>(std::sqrt(model.unobserved)));
  for (offset_t e = confidences.offsets[i]; e < confidences.offsets[i + 1]; ++e) {
    const auto j = static_cast<std::size_t>(confidences.columns[e]);
    b[j] = root[j] = std::sqrt(confidences.values[e]);
  }
  for (index_t j = 0; j < y.rows; ++j)
    for (index_t f = 0; f < k; ++f) m(j, f) = root[static_cast<std::size_t>(j)] * y(j, f);
  for (index_t f = 0; f < k; ++f) m(y.rows + f, f) = std::sqrt(ridge);
  minimum_norm(m, b.data(), singular_threshold(rows, T{1}), x);
}

}  // namespace

// Where Y'Y, or the Gram in its place, is not finite x becomes NaN. Else for each row:
//   1. begin       A = unobserved Y'Y
//   2. accumulate  A += (c - unobserved) y y', b += c y over its entries
//   3. penalty     on the diagonal
//   4. factor and solve, or, where A is singular, minimum norm (without the vectors that make up the Gram, from A
//      itself); or conjugate gradients from x
template <class T>
void solve_implicit_rows(CsrView<T> confidences, MatrixView<const T> y, MatrixView<const T> gram, ImplicitModel model,
                         MatrixView<T> x, std::int64_t* singular_rows) {
  const index_t k = y.cols;
  const auto unobserved = static_cast<T>(model.unobserved);
  std::vector<T> shared_data(static_cast<std::size_t>(k * k), T{0}), a_data, l_data;
  const MatrixView<T> shared(shared_data.data(), k, k);
  for (index_t j = 0; gram.empty() && j < y.rows; ++j)
    for (index_t f = 0; f < k; ++f)
      for (index_t g = 0; g < k; ++g) shared(f, g) += unobserved * y(j, f) * y(j, g);
  for (index_t f = 0; !gram.empty() && f < k; ++f)
    for (index_t g = 0; g < k; ++g) shared(f, g) = unobserved * gram(f, g);
  if (!std::all_of(shared_data.begin(), shared_data.end(), [](T e) { return std::isfinite(e); })) {
    for (index_t i = 0; i < x.rows; ++i) std::fill(x.row(i), x.row(i) + k, std::numeric_limits<T>::quiet_NaN());
    if (singular_rows != nullptr) *singular_rows = 0;
    return;
  }
  l_data = shared_data;
  const MatrixView<T> l(l_data.data(), k, k);
  for (index_t f = 0; f < k; ++f) l(f, f) += static_cast<T>(least_ridge(model.penalty));
  const bool steps = model.cg_steps > 0 && cholesky(l);

  std::vector<T> b(static_cast<std::size_t>(k));
  std::int64_t singular = 0;
  for (index_t i = 0; i < confidences.rows; ++i) {
    const offset_t first = confidences.offsets[i], last = confidences.offsets[i + 1];
    if (first == last) {
      std::fill(x.row(i), x.row(i) + k, T{0});
      continue;
    }
    a_data = shared_data;
    const MatrixView<T> a(a_data.data(), k, k);
    std::fill(b.begin(), b.end(), T{0});
    for (offset_t e = first; e < last; ++e) {
      const T* vector = y.row(confidences.columns[e]);
      const T c = confidences.values[e];
      for (index_t f = 0; f < k; ++f) {
        for (index_t g = 0; g < k; ++g) a(f, g) += (c - unobserved) * vector[f] * vector[g];
        b[static_cast<std::size_t>(f)] += c * vector[f];
      }
    }
    const T ridge = ridge_of<T>(model.penalty, last - first);
    for (index_t f = 0; f < k; ++f) a(f, f) += ridge;
    std::vector<T> whole_data = a_data;
    const MatrixView<T> whole(whole_data.data(), k, k);

    if (steps) {
      conjugate_gradients<T>(a, l, b.data(), model.cg_steps, x.row(i));
    } else if (cholesky(a)) {
      cholesky_solve<T>(a, b.data());
      std::copy(b.begin(), b.end(), x.row(i));
    } else {
      if (gram.empty())
        solve_singular_row(confidences, y, model, i, ridge, x.row(i));
      else
        minimum_norm(whole, b.data(), singular_threshold(k, T{1}), x.row(i));
      ++singular;
    }
  }
  if (singular_rows != nullptr) *singular_rows = singular;
}

template void solve_implicit_rows(CsrView<float>, MatrixView<const float>, MatrixView<const float>, ImplicitModel,
                                  MatrixView<float>, std::int64_t*);
template void solve_implicit_rows(CsrView<double>, MatrixView<const double>, MatrixView<const double>, ImplicitModel,
                                  MatrixView<double>, std::int64_t*);

}  // namespace seesaw::reference
