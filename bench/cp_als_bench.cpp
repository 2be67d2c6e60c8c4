// A sweep of cp_als and, in percent of it, the MTTKRPs that it is made of: dense tensors of order 3 and 4, and a sparse
// one of the shape of FROSTT's Uber with entries at random places. Of the arguments in data.hpp --threads= counts.
#include <chrono>
#include <utility>

#include "measure.hpp"
#include "seesaw/cp_als.hpp"

namespace seesaw::bench {
namespace {

constexpr int kSweeps = 4;

double seconds(Context& ctx, const auto& call) {
  const auto begin = std::chrono::steady_clock::now();
  call();
  ctx.synchronize();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// From the end of the first sweep to that of the last, and `products` as often.
template <class T>
void measure_sweeps(benchmark::State& state, Context& ctx, const auto& tensor, CpOptions options,
                    const auto& products) {
  options.stopping = {.sweeps = kSweeps, .fit_change = 0};
  double sweep = 0, mttkrps = 0;
  products();
  for (auto _ : state) {
    const auto history = cp_als(ctx, tensor, options).runs[0].history;
    const double one = (history.back().seconds - history.front().seconds) / (kSweeps - 1);
    mttkrps += seconds(ctx, products);
    sweep += one;
    state.SetIterationTime(one);
  }
  state.counters["%MTTKRP"] = 100 * mttkrps / sweep;
}

CpOptions options_of(index_t k, bool sorted_copies = false) {
  CpOptions options;
  options.rank = k;
  options.sorted_copies = sorted_copies;
  return options;
}

template <class T>
std::vector<Matrix<T>> drawn_factors(Context& ctx, const std::vector<index_t>& shape, index_t k) {
  std::vector<Matrix<T>> factors;
  for (std::size_t n = 0; n < shape.size(); ++n) {
    factors.emplace_back(ctx, shape[n], k);
    fill_normal(ctx, n + 2, 1.0, factors[n].view());
  }
  return factors;
}

template <class T>
FactorViews<T> views(const std::vector<Matrix<T>>& factors) {
  FactorViews<T> all;
  for (std::size_t n = 0; n < factors.size(); ++n) all[n] = factors[n].view();
  return all;
}

/// Two contractions of the tensor, and from each the MTTKRPs of the modes that it leaves.
template <class T>
void dense(benchmark::State& state, Context& ctx, const std::vector<index_t>& shape, index_t k) {
  DenseTensor<T> tensor{static_cast<int>(shape.size()), {}, {}};
  index_t elements = 1;
  for (std::size_t n = 0; n < shape.size(); ++n) elements *= tensor.shape[n] = shape[n];
  tensor.values = Buffer<T>(ctx, elements);
  fill_normal(ctx, 1, 1.0, MatrixView<T>(tensor.values.data(), 1, elements));
  const auto factors = drawn_factors<T>(ctx, shape, k);
  const int split = mttkrp_split(tensor.order, tensor.shape);
  measure_sweeps<T>(state, ctx, tensor.view(), options_of(k), [&] {
    for (const Modes side : {Modes{0, split}, Modes{split, tensor.order}}) {
      index_t rows = 1;
      for (int n = side.first; n < side.last; ++n) rows *= shape[static_cast<std::size_t>(n)];
      Matrix<T> left(ctx, rows, k);
      partial_mttkrp(ctx, tensor.view(), views(factors), side, left.view());
      for (int n = side.first; n < side.last; ++n) {
        Matrix<T> out(ctx, shape[static_cast<std::size_t>(n)], k);
        partial_mttkrp(ctx, PartialTensorView<T>{tensor.order, tensor.shape, side, std::as_const(left).view()},
                       views(factors), {n, n + 1}, out.view());
      }
    }
  });
}

template <class T>
void sparse(benchmark::State& state, Context& ctx, const std::vector<index_t>& shape, offset_t entries, index_t k,
            bool sorted) {
  PlantedTensorOptions options;
  options.shape = shape;
  options.entries = entries;
  options.seed = 5;
  SparseTensor<T> tensor = std::move(planted_tensor<T>(options).entries);
  for (std::size_t n = 0; n < shape.size(); ++n)
    tensor.indices[n] = to_context(ctx, tensor.indices[n].data(), tensor.indices[n].size());
  tensor.values = to_context(ctx, tensor.values.data(), tensor.values.size());
  const auto factors = drawn_factors<T>(ctx, shape, k);
  std::vector<ModeEntries<T>> modes;
  for (int n = 0; n < tensor.order && sorted; ++n) modes.push_back(by_mode(ctx, tensor.view(), n));
  measure_sweeps<T>(state, ctx, tensor.view(), options_of(k, sorted), [&] {
    for (std::size_t n = 0; n < shape.size(); ++n) {
      Matrix<T> out(ctx, shape[n], k);
      if (sorted)
        mttkrp(ctx, modes[n].view(), views(factors), out.view());
      else
        mttkrp(ctx, tensor.view(), views(factors), static_cast<int>(n), out.view());
    }
  });
}

}  // namespace
}  // namespace seesaw::bench

int main(int argc, char** argv) {
  using namespace seesaw;
  using State = benchmark::State;
  return bench::run_all(argc, argv, [](const bench::Options&, std::vector<Context>& contexts) {
    for (Context& ctx : contexts) {
      bench::add_timed("cp_als/200x200x200/float/k:32", ctx, [](State& state, Context& at) {
        bench::dense<float>(state, at, {200, 200, 200}, 32);
      });
      bench::add_timed("cp_als/200x200x200/double/k:32", ctx, [](State& state, Context& at) {
        bench::dense<double>(state, at, {200, 200, 200}, 32);
      });
      bench::add_timed("cp_als/100x100x100x100/float/k:16", ctx, [](State& state, Context& at) {
        bench::dense<float>(state, at, {100, 100, 100, 100}, 16);
      });
      for (const bool sorted : {false, true}) {
        const std::string name = std::string("cp_als/uber/") + (sorted ? "sorted/" : "as_given/");
        bench::add_timed(name + "float/k:25", ctx, [sorted](State& state, Context& at) {
          bench::sparse<float>(state, at, {183, 24, 1140, 1717}, 3309490, 25, sorted);
        });
        bench::add_timed(name + "double/k:25", ctx, [sorted](State& state, Context& at) {
          bench::sparse<double>(state, at, {183, 24, 1140, 1717}, 3309490, 25, sorted);
        });
      }
    }
  });
}
