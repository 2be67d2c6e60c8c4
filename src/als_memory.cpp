#include <algorithm>
#include <limits>

#include "row_memory.hpp"
#include "saturated.hpp"
#include "seesaw/als.hpp"

namespace seesaw {
namespace {

/// The most of what the steps of Run take: centre, transpose, and then solve with a second copy of the factors, the
/// best so far. On a device the host's copies do not count.
template <class T>
double peak(const Context& ctx, const AlsSize& size) {
  const auto m = static_cast<double>(size.rows), n = static_cast<double>(size.cols);
  const auto nnz = static_cast<double>(size.entries), held = static_cast<double>(size.validation_entries);
  constexpr double offset = sizeof(offset_t), column = sizeof(column_t), element = sizeof(T);
  const double of_host = ctx.memory()->on_host() ? 1 : 0;
  const double values = nnz * element * (size.weights ? 2 : 1);
  const double centred = (m + 1) * offset + nnz * element;
  const double by_column = (n + 1) * offset + nnz * column + values;
  const double validation = held > 0 ? (m + 1) * offset + held * (column + element) : 0;
  const double factors = (m + n) * static_cast<double>(size.rank) * element;
  const double larger = std::max(m, n);
  const double implicit = size.implicit ? implicit_bytes<T>(ctx, larger, larger, static_cast<double>(size.rank)) : 0;
  const double centring = of_host * ((m + 1) * offset + values);
  const double transposing = transposing_bytes(ctx, size.cols, size.rows, size.entries);
  const double sorting_out = of_host * (validation + (m + n + 2) * offset);
  const double solving = std::max(solving_bytes<T>(ctx, {size.rows, size.cols, size.entries, size.rank}),
                                  solving_bytes<T>(ctx, {size.cols, size.rows, size.entries, size.rank}));
  return centred + std::max({centring, by_column + transposing,
                             by_column + factors + validation + std::max(sorting_out, factors + implicit + solving)});
}

}  // namespace

std::int64_t als_memory(const Context& ctx, const AlsSize& size) {
  return saturated(size.element == sizeof(float) ? peak<float>(ctx, size) : peak<double>(ctx, size));
}

}  // namespace seesaw
