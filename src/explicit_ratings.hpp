#pragma once
#include <array>
#include <utility>

#include "factors.hpp"
#include "host_entries.hpp"
#include "seesaw/completion.hpp"
#include "seesaw/masked_gradient.hpp"

namespace seesaw {

/// Mean of the values, weighted unless there are no weights, summed on the host in their order: the same on every
/// backend.
template <class T>
double mean_of(const Buffer<T>& values, const Buffer<T>& weights) {
  double sum = 0, total = 0;
  for (offset_t e = 0; e < values.size(); ++e) {
    const double weight = weights.empty() ? 1.0 : static_cast<double>(weights.data()[e]);
    sum += weight * static_cast<double>(values.data()[e]);
    total += weight;
  }
  return total > 0 ? sum / total : 0.0;
}

/// The ratings that are factorized: the caller's, or, centred, with values of their own.
template <class T>
Revalued<T> centre(Context& ctx, CsrView<T> ratings, bool wanted, double& mean) {
  if (!wanted) return {ratings, {}};
  Csr<T> host = host_copy(ctx, ratings, /*columns=*/false);
  mean = mean_of(host.values, host.weights);
  for (offset_t e = 0; e < ratings.entries; ++e)
    host.values.data()[e] = static_cast<T>(static_cast<double>(host.values.data()[e]) - mean);
  return with_values(ctx, ratings, std::move(host));
}

/// That of the rows of X and that of the rows of Y.
inline std::array<Penalty, 2> penalties_of(const CompletionOptions& options) {
  return {Penalty{options.lambda_x, options.weighting, options.exponent},
          Penalty{options.lambda_y, options.weighting, options.exponent}};
}

/// Fills in the objective and the RMSE over the entries; `offsets` are those by row and by column.
template <class T>
void measure_explicit(Context& ctx, CsrView<T> by_row, std::array<const offset_t*, 2> offsets,
                      const std::array<Penalty, 2>& penalties, const Factors<T>& at, SweepRecord& record) {
  const ResidualSums train = masked_residual(ctx, by_row, at[0].view(), at[1].view());
  record.train_rmse = rmse(train, by_row.entries);
  record.objective = 0.5 * train.weighted_squared + penalty_term(ctx, at[0].view(), offsets[0], penalties[0]) +
                     penalty_term(ctx, at[1].view(), offsets[1], penalties[1]);
}

/// Explicit ratings as the solvers take them: centred, by row and by column, with the penalty of each side. Mode 0
/// are the rows, mode 1 the columns.
template <class T>
class ExplicitRatings {
 public:
  ExplicitRatings(Context& ctx, CsrView<T> ratings, const CompletionOptions& options)
      : centred_(centre(ctx, ratings, options.centre, mean_)),
        by_column_(transpose(ctx, centred_.view)),
        penalties_(penalties_of(options)) {}

  static constexpr int order() { return 2; }
  double mean() const { return mean_; }
  CsrView<T> by_row() const { return centred_.view; }
  CsrView<T> by_column() const { return by_column_.view(); }
  ModeView<T> mode(int n) const { return mode_view(n == 0 ? by_row() : by_column(), n); }
  const offset_t* offsets(int n) const { return n == 0 ? centred_.view.offsets : by_column_.offsets.data(); }
  Penalty penalty(int n) const { return penalties_[static_cast<std::size_t>(n)]; }

  /// Fills in the objective and the RMSE over the entries.
  void measure(Context& ctx, const Factors<T>& at, SweepRecord& record) const {
    measure_explicit(ctx, by_row(), {offsets(0), offsets(1)}, penalties_, at, record);
  }

 private:
  double mean_ = 0;
  Revalued<T> centred_;
  Csr<T> by_column_;
  std::array<Penalty, 2> penalties_;
};

}  // namespace seesaw
