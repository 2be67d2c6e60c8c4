// masked_gradient, masked_product and masked_line on planted power-law ratings, of the rows' factor and, by the
// transposed entries, of the columns'; arguments in data.hpp. Besides what measure() prints: %gathered, the share of
// the bandwidth where each vector that an entry asks for comes from memory, and which floor binds, arithmetic or
// bandwidth, when caches keep every vector and when they keep none.
#include <utility>

#include "measure.hpp"
#include "seesaw/masked_gradient.hpp"

namespace {

using namespace seesaw;

/// What a call is given, in the context's memory.
template <class T>
struct Data {
  Csr<T> by_mode;
  int mode;
  Matrix<T> factors[2], direction[2], out;

  Data(Context& ctx, const bench::Options& options, int of, index_t k)
      : by_mode(to_context(ctx, bench::planted<T>(options))),
        mode(of),
        out(ctx, of == 0 ? options.rows : options.cols, k) {
    if (mode == 1) by_mode = transpose(ctx, by_mode.view());
    for (int n : {0, 1})
      for (Matrix<T>* set : {factors, direction}) {
        set[n] = Matrix<T>(ctx, n == 0 ? options.rows : options.cols, k);
        fill_normal(ctx, static_cast<std::uint64_t>(n + 1), 1.0, set[n].view());
      }
  }

  ModeView<T> entries() const { return mode_view(by_mode.view(), mode); }
  static FactorViews<T> views(const Matrix<T> (&set)[2]) {
    return {std::as_const(set[0]).view(), std::as_const(set[1]).view()};
  }
  double nnz() const { return static_cast<double>(by_mode.values.size()); }
  double rank() const { return static_cast<double>(out.cols()); }
  /// The fewest bytes: entries and `sets` sets of both factors read, `written` times the factor of this mode written.
  double bytes(double sets, double written) const {
    const auto both = static_cast<double>(factors[0].rows() + factors[1].rows()), own = static_cast<double>(out.rows());
    return nnz() * (sizeof(T) + sizeof(column_t)) + (sets * both + written * own) * rank() * sizeof(T);
  }
  /// The same with the other mode's rows read again for each entry.
  double gathered(double sets, double written) const {
    const auto own = static_cast<double>(out.rows());
    return nnz() * (sizeof(T) + sizeof(column_t)) + (sets * (nnz() + own) + written * own) * rank() * sizeof(T);
  }
};

/// The floors of a call that was measured: arithmetic, or the fewest bytes; and with every vector gathered from memory.
template <class T>
void tell_floors(benchmark::State& state, Context& ctx, double operations, double bytes, double gathered) {
  if (ctx.backend() == Backend::reference) return;
  const bench::Peaks& peak = bench::peaks(ctx);
  const double arithmetic = operations / (sizeof(T) == 4 ? peak.gflops_float : peak.gflops_double);
  state.counters["%gathered"] = state.counters["%bandwidth"] * gathered / bytes;
  const auto binds = [&](double moved) { return arithmetic > moved / peak.bandwidth ? "FMA" : "bandwidth"; };
  state.SetLabel(std::string(binds(bytes)) + " binds with all reuse, " + binds(gathered) + " without");
}

}  // namespace

int main(int argc, char** argv) {
  const Penalty penalty{0.1, Weighting::plain};
  const auto gradient = [&](int mode) {
    return [=]<class T>(T, benchmark::State& state, Context& ctx, const bench::Options& options, index_t k) {
      Data<T> data(ctx, options, mode, k);
      ResidualSums sums;
      const double operations = 4 * data.nnz() * data.rank();
      bench::measure<T>(state, ctx, operations, data.bytes(1, 1), [&] {
        masked_gradient(ctx, data.entries(), data.views(data.factors), penalty, data.out.view(), &sums);
      });
      tell_floors<T>(state, ctx, operations, data.bytes(1, 1), data.gathered(1, 1));
    };
  };
  const auto product = [&](Curvature curvature) {
    return [=]<class T>(T, benchmark::State& state, Context& ctx, const bench::Options& options, index_t k) {
      Data<T> data(ctx, options, 0, k);
      const double per_element = curvature == Curvature::exact ? 10 : 6;
      const double operations = per_element * data.nnz() * data.rank();
      bench::measure<T>(state, ctx, operations, data.bytes(2, 1), [&] {
        masked_product(ctx, data.entries(), data.views(data.factors), data.views(data.direction), curvature, penalty,
                       data.out.view());
      });
      tell_floors<T>(state, ctx, operations, data.bytes(2, 1), data.gathered(2, 1));
    };
  };
  const auto line = [&]<class T>(T, benchmark::State& state, Context& ctx, const bench::Options& options, index_t k) {
    Data<T> data(ctx, options, 0, k);
    bench::measure<double>(state, ctx, 8 * data.nnz() * data.rank(), data.bytes(2, 0), [&] {
      benchmark::DoNotOptimize(masked_line(ctx, data.entries(), data.views(data.factors), data.views(data.direction)));
    });
  };
  return bench::run_all(argc, argv, [&](const bench::Options& options, std::vector<Context>& contexts) {
    const auto both = [&](const char* row, std::initializer_list<index_t> ranks, auto run) {
      bench::add<float>(row, options, contexts, ranks, run);
      bench::add<double>(row, options, contexts, ranks, run);
    };
    both("masked_gradient/rows", {16, 64, 128}, gradient(0));
    both("masked_gradient/columns", {16, 64, 128}, gradient(1));
    both("masked_product/exact", {64}, product(Curvature::exact));
    both("masked_product/gauss_newton", {64}, product(Curvature::gauss_newton));
    both("masked_line", {64}, line);
  });
}
