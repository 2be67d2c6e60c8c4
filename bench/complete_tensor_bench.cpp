// A sweep of complete_tensor by alternating least squares on planted tensors: one of the shape of FROSTT's Uber with a
// third of its entries, at random places, and one of order 3 with power-law slices; with explicit values and, of the
// second, with implicit feedback. Beside the milliseconds stands the floor: arithmetic, or the fewest bytes. Of the
// arguments in data.hpp --threads= counts.
#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "measure.hpp"
#include "seesaw/complete_tensor.hpp"

namespace seesaw::bench {
namespace {

constexpr int kSweeps = 4;

/// In host memory, the values positive: they serve as counts, too.
template <class T>
SparseTensor<T> drawn(const std::vector<index_t>& shape, offset_t entries, double exponent) {
  PlantedTensorOptions options;
  options.shape = shape;
  options.entries = entries;
  options.exponents.assign(shape.size(), exponent);
  options.noise = 0.1;
  options.seed = 5;
  SparseTensor<T> tensor = std::move(planted_tensor<T>(options).entries);
  for (offset_t e = 0; e < entries; ++e) tensor.values.data()[e] = 1 + std::abs(tensor.values.data()[e]);
  return tensor;
}

/// As solve_rows_bench.cpp counts a half-sweep, for each mode, and the products that make an entry's vector; each
/// mode's entries and all factors move once.
template <class T>
double floor_ms(Context& ctx, const SparseTensor<T>& tensor, index_t rank, bool implicit) {
  const auto nnz = static_cast<double>(tensor.values.size()), k = static_cast<double>(rank);
  const auto order = static_cast<double>(tensor.order);
  double rows = 0;
  for (std::size_t n = 0; n < static_cast<std::size_t>(tensor.order); ++n) rows += static_cast<double>(tensor.shape[n]);
  const double grams = implicit ? rows * k * (k + 1) : 0;
  const double operations = order * nnz * k * (k + 1 + order - 2) + rows * k * k * k / 3 + grams;
  const double bytes = order * (nnz * ((order - 1) * sizeof(column_t) + sizeof(T)) + rows * k * sizeof(T));
  const Peaks& peak = peaks(ctx);
  return 1e-6 *
         std::max(operations / (sizeof(T) == 4 ? peak.gflops_float : peak.gflops_double), bytes / peak.bandwidth);
}

/// From the end of the first sweep to that of the last.
template <class T>
void sweeps(benchmark::State& state, Context& ctx, const SparseTensor<T>& host, index_t k, bool implicit) {
  SparseTensor<T> tensor;
  tensor.order = host.order;
  tensor.shape = host.shape;
  for (std::size_t n = 0; n < static_cast<std::size_t>(host.order); ++n)
    tensor.indices[n] = to_context(ctx, host.indices[n].data(), host.indices[n].size());
  tensor.values = to_context(ctx, host.values.data(), host.values.size());
  TensorCompletionOptions options;
  options.rank = k;
  if (implicit) options.implicit = ImplicitFeedback{};
  options.stopping.sweeps = kSweeps;
  double all = 0;
  for (auto _ : state) {
    const auto history = complete_tensor(ctx, TensorCompletionProblem<T>{tensor.view()}, options).runs[0].history;
    const double one = (history.back().seconds - history.front().seconds) / (kSweeps - 1);
    all += one;
    state.SetIterationTime(one);
  }
  if (ctx.backend() == Backend::reference) return;
  const double floor = floor_ms(ctx, host, k, implicit);
  state.counters["floor ms"] = floor;
  state.counters["%floor"] = 100 * floor / (1e3 * all / static_cast<double>(state.iterations()));
}

template <class T>
void add_cases(Context& ctx, const std::string& name, const SparseTensor<T>& tensor, bool implicit) {
  for (const index_t k : {16, 64}) {
    const std::string whole =
        "complete_tensor/" + name + (sizeof(T) == 4 ? "/float" : "/double") + "/k:" + std::to_string(k);
    add_timed(whole, ctx,
              [&tensor, k, implicit](benchmark::State& state, Context& at) { sweeps(state, at, tensor, k, implicit); });
  }
}

}  // namespace
}  // namespace seesaw::bench

int main(int argc, char** argv) {
  using namespace seesaw;
  const auto uber = bench::drawn<float>({183, 24, 1140, 1717}, 1'103'163, 0);
  const auto slices = bench::drawn<float>({3000, 2000, 1000}, 1'000'000, 0.6);
  const auto twice = bench::drawn<double>({3000, 2000, 1000}, 1'000'000, 0.6);
  return bench::run_all(argc, argv, [&](const bench::Options&, std::vector<Context>& contexts) {
    for (Context& ctx : contexts) {
      bench::add_cases(ctx, "uber/3", uber, false);
      bench::add_cases(ctx, "power-law", slices, false);
      bench::add_cases(ctx, "power-law", twice, false);
      bench::add_cases(ctx, "power-law/implicit", slices, true);
    }
  });
}
