#pragma once
#include <limits>

#include "seesaw/sparse.hpp"

namespace seesaw {

struct RankingOptions {
  index_t at = 10;                                             ///< n: how many items of each user's ranking count, >= 1
  double relevant = -std::numeric_limits<double>::infinity();  ///< a test value of at least this is relevant
  bool auc = true;                                             ///< needs every item ranked, not the best n alone
};

/// Means over the users with at least one relevant item; 0 where there is no such user.
struct RankingFigures {
  double precision = 0;
  double recall = 0;
  double ndcg = 0;
  double map = 0;
  double auc = 0;         ///< mean over `auc_users`; 0 unless asked for
  index_t users = 0;      ///< with a relevant item
  index_t auc_users = 0;  ///< of these, those that have both kinds of items to compare
};

/// How well the scores x_i.y_j rank what user i turned out to like. For each row i of `test` the items that `seen` does
/// not name are ranked by top_k(); R is the set of those with a test value >= options.relevant, n = options.at, and
/// hit(p) is 1 where the item at place p = 1, 2, ... is in R, else 0:
///   precision@n  sum_{p <= n} hit(p) / n
///   recall@n     sum_{p <= n} hit(p) / min(n, |R|)
///   ndcg@n       sum_{p <= n} hit(p) / log2(p + 1), over sum_{p <= min(n, |R|)} 1 / log2(p + 1)
///   map@n        sum_{p <= n} hit(p) (sum_{q <= p} hit(q)) / p, over min(n, |R|)
///   auc          the probability that an item of R scores above one that is neither in R nor seen; equal scores count
///                1/2. A user who lacks either kind is left out of this mean
/// An item of R that was seen as well counts in |R| but cannot be hit, nor does the auc compare it.
///
/// x  m x k     y  n x k     test  m x n     seen  m x n, as in top_k(); CsrView{} leaves nothing out
/// The same bits for any number of threads. Rows are ranked in blocks: memory beyond the arguments and a copy of `test`
/// is bounded. With auc, time grows as n log n for each user. On CUDA top_k() runs there and the rest on the host.
/// Throws ShapeError, InvalidArgument, also for a score that is not finite. The contents of `test` and `seen` are
/// trusted; see validate().
/// Source: Manning, Raghavan, Schuetze (2008), "Introduction to Information Retrieval", chapter 8; gains of 1, and
/// denominators of at most n, as in Rendle et al. (2021), "Revisiting the performance of iALS".
RankingFigures ranking_figures(Context& ctx, MatrixView<const float> x, MatrixView<const float> y, CsrView<float> test,
                               CsrView<float> seen, const RankingOptions& options = {});
RankingFigures ranking_figures(Context& ctx, MatrixView<const double> x, MatrixView<const double> y,
                               CsrView<double> test, CsrView<double> seen, const RankingOptions& options = {});

}  // namespace seesaw
