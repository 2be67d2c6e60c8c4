// mttkrp of dense tensors, beside BLAS's product of the same sizes, and of sparse ones of the shapes of FROSTT's Uber
// and nell-2, beside what memory allows; of the arguments in data.hpp --threads= counts.
#include <cblas.h>

#include <array>
#include <utility>
#include <vector>

#include "measure.hpp"
#include "seesaw/mttkrp.hpp"

namespace seesaw::bench {
namespace {

using Shape = std::array<index_t, kMaxOrder>;

template <class T>
struct Factors {
  std::vector<Matrix<T>> matrices;
  FactorViews<T> views;

  Factors(Context& ctx, int order, const Shape& shape, index_t k) {
    for (std::size_t n = 0; n < static_cast<std::size_t>(order); ++n) {
      matrices.emplace_back(ctx, shape[n], k);
      fill_normal(ctx, n + 2, 1.0, matrices[n].view());
      views[n] = std::as_const(matrices[n]).view();
    }
  }
};

index_t product(const Shape& shape, int first, int last) {
  index_t size = 1;
  for (int n = first; n < last; ++n) size *= shape[static_cast<std::size_t>(n)];
  return size;
}

void gemm(CBLAS_TRANSPOSE ta, int m, int n, int k, const float* a, int lda, const float* b, float* c) {
  cblas_sgemm(CblasRowMajor, ta, CblasNoTrans, m, n, k, 1, a, lda, b, n, 0, c, n);
}
void gemm(CBLAS_TRANSPOSE ta, int m, int n, int k, const double* a, int lda, const double* b, double* c) {
  cblas_dgemm(CblasRowMajor, ta, CblasNoTrans, m, n, k, 1, a, lda, b, n, 0, c, n);
}

/// Seconds, the best of three, that BLAS takes for the matrix product of left x right elements, or of the transposed,
/// and a matrix of k columns: by CBLAS with all threads, and on cuda by the one call of cuBLAS that an mttkrp of order
/// 2 is.
template <class T>
double blas_seconds(Context& ctx, const T* data, index_t left, index_t right, bool transposed, index_t k) {
  const index_t m = transposed ? right : left, terms = transposed ? left : right;
  Matrix<T> b(ctx, terms, k), c(ctx, m, k);
  fill_normal(ctx, 1, 1.0, b.view());
  const auto call = [&] {
    if (ctx.backend() == Backend::cpu) {
      gemm(transposed ? CblasTrans : CblasNoTrans, static_cast<int>(m), static_cast<int>(k), static_cast<int>(terms),
           data, static_cast<int>(right), b.view().data, c.view().data);
      return;
    }
    FactorViews<T> factors;
    factors[transposed ? 0 : 1] = std::as_const(b).view();
    mttkrp(ctx, DenseTensorView<T>{2, {left, right}, data}, factors, transposed ? 1 : 0, c.view());
    ctx.synchronize();
  };
  double best = 1e30;
  for (int repeat = 0; repeat < 4; ++repeat) {
    const auto begin = std::chrono::steady_clock::now();
    call();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    if (repeat > 0) best = std::min(best, seconds.count());
  }
  return best;
}

/// 2 k operations an element; the tensor read once.
template <class T>
void dense(benchmark::State& state, Context& ctx, int order, const Shape& shape, int mode, index_t k) {
  const index_t size = product(shape, 0, order);
  Matrix<T> tensor(ctx, size / shape[0], shape[0]);
  fill_normal(ctx, 1, 1.0, tensor.view());
  const DenseTensorView<T> view{order, shape, tensor.view().data};
  const Factors<T> factors(ctx, order, shape, k);
  const index_t rows = shape[static_cast<std::size_t>(mode)];
  Matrix<T> out(ctx, rows, k);
  const double operations = 2 * static_cast<double>(size) * static_cast<double>(k);
  measure<T>(state, ctx, operations, static_cast<double>(size + rows * k) * sizeof(T),
             [&] { mttkrp(ctx, view, factors.views, mode, out.view()); });
  if (ctx.backend() == Backend::reference) return;
  const int split = mttkrp_split(order, shape);
  const double blas =
      operations / 1e9 /
      blas_seconds(ctx, view.data, product(shape, 0, split), product(shape, split, order), mode >= split, k);
  state.counters["BLAS GFLOP/s"] = blas;
  state.counters["%BLAS"] = 100 * state.counters["GFLOP/s"] / blas;
}

/// A sparse tensor of a known one's shape.
struct Sparse {
  const char* name;
  PlantedTensorOptions options;
};

/// FROSTT's Uber at random places, and a tenth of the entries of its nell-2 in slices that follow a power law.
std::vector<Sparse> sparse_tensors() {
  PlantedTensorOptions uber, nell;
  uber.shape = {183, 24, 1140, 1717};
  uber.entries = 3'309'490;
  nell.shape = {12092, 9184, 28818};
  nell.entries = 7'687'941;
  nell.exponents = {0.6, 0.6, 0.6};
  return {{"uber", uber}, {"nell-2", nell}};
}

/// In host memory; the last one of each type is kept.
template <class T>
const SparseTensor<T>& entries_of(const Sparse& which) {
  static std::string name;
  static SparseTensor<T> kept;
  if (name != which.name) {
    kept = {};
    kept = std::move(planted_tensor<T>(which.options).entries);
    name = which.name;
  }
  return kept;
}

/// Of entries sorted by the mode or as they are given. `order` operations an entry and column. Two floors, in ms at the
/// bandwidth measured: the entries and each factor once; the entries, and the rows of factors that they name fetched
/// anew for each, as if no cache kept any.
template <class T>
void sparse(benchmark::State& state, Context& ctx, const Sparse& which, bool sorted, int mode, index_t k) {
  const SparseTensor<T>& host = entries_of<T>(which);
  const auto order = static_cast<std::size_t>(host.order);
  SparseTensorView<T> there = host.view();
  const auto values = to_context(ctx, host.values.data(), host.values.size());
  there.values = values.data();
  std::array<Buffer<column_t>, kMaxOrder> indices;
  for (std::size_t n = 0; n < order; ++n) {
    indices[n] = to_context(ctx, host.indices[n].data(), host.indices[n].size());
    there.indices[n] = indices[n].data();
  }
  const auto entries = sorted ? by_mode(ctx, there, mode) : ModeEntries<T>();
  const Factors<T> factors(ctx, host.order, host.shape, k);
  Matrix<T> out(ctx, host.shape[static_cast<std::size_t>(mode)], k);
  const auto nnz = static_cast<double>(host.values.size()), others = static_cast<double>(order - 1);
  const double row = static_cast<double>(k) * sizeof(T);
  const double entry_bytes = nnz * ((sorted ? others : others + 1) * sizeof(column_t) + sizeof(T));
  double factor_bytes = 0;
  for (std::size_t n = 0; n < order; ++n) factor_bytes += static_cast<double>(host.shape[n]) * row;
  const double once = entry_bytes + factor_bytes, gathered = entry_bytes + nnz * others * row;
  measure<T>(state, ctx, nnz * static_cast<double>(k) * (others + 1), once, [&] {
    if (sorted)
      mttkrp(ctx, entries.view(), factors.views, out.view());
    else
      mttkrp(ctx, there, factors.views, mode, out.view());
  });
  if (ctx.backend() == Backend::reference) return;
  const double bytes_per_ms = peaks(ctx).bandwidth * 1e6;
  state.counters["floor ms, rows kept"] = once / bytes_per_ms;
  state.counters["floor ms, gathered"] = gathered / bytes_per_ms;
}

}  // namespace
}  // namespace seesaw::bench

int main(int argc, char** argv) {
  using namespace seesaw;
  return bench::run_all(argc, argv, [&](const bench::Options& options, std::vector<Context>& contexts) {
    const auto add = [&]<class T>(T) {
      for (const int order : {3, 4}) {
        const bench::Shape shape = order == 3 ? bench::Shape{500, 500, 500} : bench::Shape{100, 100, 100, 100};
        for (int mode = 0; mode < order; ++mode) {
          const std::string name = std::string(order == 3 ? "mttkrp/500x500x500" : "mttkrp/100x100x100x100") +
                                   "/mode:" + std::to_string(mode);
          bench::add<T>(
              name.c_str(), options, contexts, {16, 64},
              [order, shape, mode]<class U>(U, benchmark::State& state, Context& ctx, const bench::Options&,
                                            index_t k) { bench::dense<U>(state, ctx, order, shape, mode, k); });
        }
      }
      for (const bench::Sparse& which : bench::sparse_tensors())
        for (const bool sorted : {true, false})
          for (std::size_t mode = 0; mode < which.options.shape.size(); ++mode) {
            const std::string name = std::string("mttkrp/") + which.name + (sorted ? "/sorted" : "/as_given") +
                                     "/mode:" + std::to_string(mode);
            bench::add<T>(name.c_str(), options, contexts, {25},
                          [which, sorted, mode]<class U>(U, benchmark::State& state, Context& ctx,
                                                         const bench::Options&, index_t k) {
                            bench::sparse<U>(state, ctx, which, sorted, static_cast<int>(mode), k);
                          });
          }
    };
    add(float{});
    add(double{});
  });
}
