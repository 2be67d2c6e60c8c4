#include "seesaw/ranking.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "checks.hpp"
#include "cpu/parallel.hpp"
#include "host_entries.hpp"
#include "seesaw/top_k.hpp"

namespace seesaw {
namespace {

/// Some of the arrays of a matrix in compressed rows, in host memory.
template <class T>
struct HostRows {
  Buffer<offset_t> offsets;
  Buffer<column_t> columns;  ///< from that of the first row on
  Buffer<T> values;

  index_t first(index_t i) const { return offsets.data()[i] - offsets.data()[0]; }
};

template <class T>
HostRows<T> host_rows(const Context& ctx, const CsrView<T>& matrix) {
  Buffer<offset_t> offsets = host_copy(ctx, matrix.offsets, matrix.rows + 1);
  const offset_t first = offsets.data()[0], entries = offsets.data()[matrix.rows] - first;
  if (entries == 0) return {std::move(offsets), {}, {}};
  return {std::move(offsets), host_copy(ctx, matrix.columns + first, entries),
          host_copy(ctx, matrix.values + first, entries)};
}

/// The relevant items of row i, ascending.
template <class T>
std::vector<column_t> relevant_items(const HostRows<T>& test, index_t i, double least) {
  std::vector<column_t> relevant;
  for (offset_t e = test.first(i); e < test.first(i + 1); ++e)
    if (static_cast<double>(test.values.data()[e]) >= least) relevant.push_back(test.columns.data()[e]);
  return relevant;
}

bool contains(const std::vector<column_t>& ascending, column_t item) {
  return std::binary_search(ascending.begin(), ascending.end(), item);
}

/// One user's figures; `users` and `auc_users` say whether they count.
RankingFigures figures_at(const std::vector<column_t>& relevant, const column_t* items, index_t length, index_t n) {
  RankingFigures one;
  one.users = 1;
  double ideal = 0;
  const index_t most = std::min(n, static_cast<index_t>(relevant.size()));
  for (index_t p = 1; p <= most; ++p) ideal += 1 / std::log2(static_cast<double>(p + 1));
  index_t hits = 0;
  for (index_t p = 1; p <= std::min(n, length); ++p) {
    if (!contains(relevant, items[p - 1])) continue;
    ++hits;
    one.ndcg += 1 / std::log2(static_cast<double>(p + 1));
    one.map += static_cast<double>(hits) / static_cast<double>(p);
  }
  one.precision = static_cast<double>(hits) / static_cast<double>(n);
  one.recall = static_cast<double>(hits) / static_cast<double>(most);
  one.ndcg /= ideal;
  one.map /= static_cast<double>(most);
  return one;
}

/// From all items that were not seen, best first, -1 beyond them.
template <class T>
void add_auc(const std::vector<column_t>& relevant, const column_t* items, const T* scores, index_t length,
             RankingFigures& one) {
  double above = 0;  // pairs in the right order, counted twice; equal ones once
  index_t good = 0, others = 0;
  for (index_t p = 0; p < length && items[p] >= 0;) {
    index_t good_here = 0, others_here = 0;
    for (const T score = scores[p]; p < length && items[p] >= 0 && scores[p] == score; ++p)
      ++(contains(relevant, items[p]) ? good_here : others_here);
    above += static_cast<double>(others_here) * static_cast<double>(2 * good + good_here);
    good += good_here;
    others += others_here;
  }
  if (good == 0 || others == 0) return;
  one.auc_users = 1;
  one.auc = above / (2 * static_cast<double>(good) * static_cast<double>(others));
}

void add(const RankingFigures& one, RankingFigures& sum) {
  sum.precision += one.precision;
  sum.recall += one.recall;
  sum.ndcg += one.ndcg;
  sum.map += one.map;
  sum.auc += one.auc;
  sum.users += one.users;
  sum.auc_users += one.auc_users;
}

RankingFigures mean_of(RankingFigures sum) {
  const auto users = static_cast<double>(std::max<index_t>(sum.users, 1));
  sum.precision /= users;
  sum.recall /= users;
  sum.ndcg /= users;
  sum.map /= users;
  sum.auc /= static_cast<double>(std::max<index_t>(sum.auc_users, 1));
  return sum;
}

int host_threads(const Context& ctx) { return ctx.backend() == Backend::cuda ? omp_get_max_threads() : ctx.threads(); }

/// Adds the figures of the users first to first + relevant.size() - 1, whose relevant items those are.
template <class T>
void add_block(Context& ctx, MatrixView<const T> x, MatrixView<const T> y, CsrView<T> seen, index_t length,
               const std::vector<std::vector<column_t>>& relevant, const RankingOptions& options, RankingFigures& sum) {
  Matrix<column_t> items_there(ctx, x.rows, length);
  Matrix<T> scores_there(ctx, x.rows, length);
  top_k(ctx, x, y, seen, items_there.view(), scores_there.view());
  const Matrix<column_t> items = to_host(items_there);
  const Matrix<T> scores = options.auc ? to_host(scores_there) : Matrix<T>();
  std::vector<RankingFigures> each(relevant.size());
  cpu::for_blocks(host_threads(ctx), x.rows, [&](index_t i) {
    const auto& of_user = relevant[static_cast<std::size_t>(i)];
    if (of_user.empty()) return;
    RankingFigures& one = each[static_cast<std::size_t>(i)];
    one = figures_at(of_user, items.view().row(i), length, options.at);
    if (options.auc) add_auc(of_user, items.view().row(i), scores.view().row(i), length, one);
  });
  for (const RankingFigures& one : each) add(one, sum);
}

template <class T>
RankingFigures run(Context& ctx, MatrixView<const T> x, MatrixView<const T> y, CsrView<T> test, CsrView<T> seen,
                   const RankingOptions& options) {
  constexpr index_t kBlockBytes = index_t{64} << 20, kMostRows = 4096;
  require_view(ctx, x, "x");
  require_rank(x.cols);
  require_view(ctx, y, "y");
  require_shape("y", y.rows, y.cols, y.rows, x.cols);
  require_csr(ctx, test, "test");
  require_shape("test", test.rows, test.cols, x.rows, y.rows);
  require_places(ctx, seen, "seen", x.rows, y.rows);
  if (options.at < 1) throw InvalidArgument("options.at is " + std::to_string(options.at) + ", expected at least 1");
  if (std::isnan(options.relevant)) throw InvalidArgument("options.relevant is not a number");

  const HostRows<T> rows = host_rows(ctx, test);
  const Buffer<offset_t> seen_offsets =
      seen.offsets != nullptr ? host_copy(ctx, seen.offsets, x.rows + 1) : Buffer<offset_t>();
  const index_t length = std::max<index_t>(1, options.auc ? y.rows : std::min(options.at, y.rows));
  const index_t row_bytes = length * static_cast<index_t>(sizeof(T) + sizeof(column_t));
  const index_t block = std::clamp<index_t>(kBlockBytes / row_bytes, 1, kMostRows);
  RankingFigures sum;
  for (index_t first = 0; first < x.rows; first += block) {
    const index_t last = std::min(x.rows, first + block);
    std::vector<std::vector<column_t>> relevant;
    for (index_t i = first; i < last; ++i) relevant.push_back(relevant_items(rows, i, options.relevant));
    if (std::all_of(relevant.begin(), relevant.end(), [](const auto& items) { return items.empty(); })) continue;
    CsrView<T> seen_here;
    if (seen.offsets != nullptr)
      seen_here = {last - first,
                   seen.cols,
                   seen_offsets.data()[last] - seen_offsets.data()[first],
                   seen.offsets + first,
                   seen.columns,
                   nullptr,
                   nullptr};
    add_block(ctx, x.slice(first, last), y, seen_here, length, relevant, options, sum);
  }
  return mean_of(sum);
}

}  // namespace

RankingFigures ranking_figures(Context& ctx, MatrixView<const float> x, MatrixView<const float> y, CsrView<float> test,
                               CsrView<float> seen, const RankingOptions& options) {
  return run(ctx, x, y, test, seen, options);
}
RankingFigures ranking_figures(Context& ctx, MatrixView<const double> x, MatrixView<const double> y,
                               CsrView<double> test, CsrView<double> seen, const RankingOptions& options) {
  return run(ctx, x, y, test, seen, options);
}

}  // namespace seesaw
