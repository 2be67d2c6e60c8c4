// mttkrp of dense tensors, beside BLAS's product of the same sizes, and of a sparse one of the shape of FROSTT's Uber
// (183 x 24 x 1140 x 1717, 3,309,490 entries, here at random places); of the arguments in data.hpp --threads= counts.
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

/// `order` operations an entry and column. Bytes: of the entries and of each factor once; %gathered is of the bandwidth
/// where every entry fetches its rows anew, and may be above 100.
template <class T>
void uber(benchmark::State& state, Context& ctx, int mode, index_t k) {
  constexpr int kOrder = 4;
  constexpr offset_t kEntries = 3309490;
  const Shape shape{183, 24, 1140, 1717};
  SparseTensor<T> host;
  host.order = kOrder;
  host.shape = shape;
  host.values = Buffer<T>(kEntries);
  for (offset_t e = 0; e < kEntries; ++e)
    host.values.data()[e] = static_cast<T>(1 + random_uniform(1, static_cast<std::uint64_t>(e)));
  for (std::size_t n = 0; n < kOrder; ++n) {
    host.indices[n] = Buffer<column_t>(kEntries);
    for (offset_t e = 0; e < kEntries; ++e)
      host.indices[n].data()[e] = static_cast<column_t>(random_bits(n + 2, static_cast<std::uint64_t>(e)) %
                                                        static_cast<std::uint64_t>(shape[n]));
  }
  SparseTensorView<T> there = host.view();
  const auto values = to_context(ctx, host.values.data(), kEntries);
  there.values = values.data();
  std::array<Buffer<column_t>, kOrder> indices;
  for (std::size_t n = 0; n < kOrder; ++n) {
    indices[n] = to_context(ctx, host.indices[n].data(), kEntries);
    there.indices[n] = indices[n].data();
  }
  const auto entries = by_mode(ctx, there, mode);
  const Factors<T> factors(ctx, kOrder, shape, k);
  Matrix<T> out(ctx, shape[static_cast<std::size_t>(mode)], k);
  const double nnz = kEntries, row = static_cast<double>(k) * sizeof(T);
  double factor_bytes = 0;
  for (std::size_t n = 0; n < kOrder; ++n) factor_bytes += static_cast<double>(shape[n]) * row;
  const double entry_bytes = nnz * ((kOrder - 1) * sizeof(column_t) + sizeof(T));
  const double once = entry_bytes + factor_bytes, gathered = entry_bytes + nnz * (kOrder - 1) * row;
  measure<T>(state, ctx, nnz * static_cast<double>(k) * kOrder, once,
             [&] { mttkrp(ctx, entries.view(), factors.views, out.view()); });
  if (ctx.backend() != Backend::reference) state.counters["%gathered"] = state.counters["%bandwidth"] * gathered / once;
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
      for (int mode = 0; mode < 4; ++mode)
        bench::add<T>(("mttkrp/uber/mode:" + std::to_string(mode)).c_str(), options, contexts, {25},
                      [mode]<class U>(U, benchmark::State& state, Context& ctx, const bench::Options&, index_t k) {
                        bench::uber<U>(state, ctx, mode, k);
                      });
    };
    add(float{});
    add(double{});
  });
}
