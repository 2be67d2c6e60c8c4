#include "seesaw/cp_als.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "checks.hpp"
#include "completion_checks.hpp"
#include "cp_diagnostics.hpp"
#include "cp_nvecs.hpp"
#include "cp_run.hpp"
#include "cp_tensor.hpp"
#include "saturated.hpp"
#include "sparse.hpp"
#include "tensor_checks.hpp"

namespace seesaw {
namespace {

std::string mode_text(const char* name, int n) { return std::string(name) + "[" + std::to_string(n) + "]"; }

void require_order(int order, const std::array<index_t, kMaxOrder>& shape) {
  if (order < 2 || order > kMaxOrder)
    throw ShapeError("tensor has the order " + std::to_string(order) + ", expected 2 to " + std::to_string(kMaxOrder));
  for (int n = 0; n < order; ++n) {
    const index_t size = shape[static_cast<std::size_t>(n)];
    if (size < 1 || size > kMostRows)
      throw ShapeError("tensor has the size " + std::to_string(size) + " in mode " + std::to_string(n) +
                       ", expected 1 to 2^31 - 1");
  }
}

void require_options(int order, const CpOptions& options) {
  require_rank(options.rank);
  require(options.starts >= 1, "starts", options.starts, "at least 1");
  if (options.start == CpStart::nvecs && options.starts > 1)
    throw InvalidArgument("start is nvecs, which is the same for every seed, but starts is " +
                          std::to_string(options.starts) + ", expected 1");
  const CpStopping& stopping = options.stopping;
  require(stopping.sweeps >= 1, "sweeps", stopping.sweeps, "at least 1");
  require(stopping.fit_change >= 0, "fit_change", stopping.fit_change, "0 (never) or more");
  require(stopping.relative_error >= 0, "relative_error", stopping.relative_error, "0 (never) or more");
  require(stopping.seconds > 0, "seconds", stopping.seconds, "more than 0");
  bool all_fixed = true;
  for (int n = 0; n < order; ++n) {
    const CpMode& mode = options.modes[static_cast<std::size_t>(n)];
    require(mode.ridge >= 0 && std::isfinite(mode.ridge), mode_text("ridge of modes", n).c_str(), mode.ridge,
            "a finite number >= 0");
    if (mode.nonnegative && options.start != CpStart::normal)
      throw InvalidArgument(std::string("start is ") + to_string(options.start) +
                            ", whose factors have negative elements, but mode " + std::to_string(n) +
                            " is to be nonnegative; expected normal");
    all_fixed = all_fixed && mode.fixed;
  }
  if (all_fixed) throw InvalidArgument("every mode is fixed, expected one at least that is solved");
  if (options.order.empty()) return;
  for (const int n : options.order)
    if (n < 0 || n >= order)
      throw InvalidArgument("order has the mode " + std::to_string(n) + ", expected 0 to " + std::to_string(order - 1));
  for (int n = 0; n < order; ++n) {
    const auto times = std::count(options.order.begin(), options.order.end(), n);
    const bool fixed = options.modes[static_cast<std::size_t>(n)].fixed;
    if (times > 1 || (times == 0 && !fixed))
      throw InvalidArgument("order has the mode " + std::to_string(n) + " " + std::to_string(times) +
                            " times, expected once");
  }
}

/// Besides the start nvecs.
double sweep_bytes(const CpSize& size) {
  double rows = 0;
  for (int n = 0; n < size.order; ++n) rows += static_cast<double>(size.shape[static_cast<std::size_t>(n)]);
  const auto element = static_cast<double>(size.element_bytes);
  const index_t columns = size.rank * size.starts;
  // The Grams of all starts and of all modes, the system, what it is solved with and copies, and what the diagnostics
  // work with on the host; a sparse tensor's Grams in double-double besides, half of each.
  const auto k = static_cast<double>(size.rank);
  const double squares = k * k *
                         ((static_cast<double>(size.starts) * size.order + 4) * element + 6.0 * sizeof(double) +
                          (size.entries > 0 ? 8.0 * (size.order + 1) : 0.0));
  // The factors of all starts and what a sweep works with; the components kept of each start and of the best, in
  // double.
  const double factors = rows * static_cast<double>(columns) * (3 * element + 2.0 * sizeof(double)) + squares;
  if (size.entries == 0) return factors + 2 * mttkrp_workspace(size.order, size.shape, columns) * element;
  const double copy =
      static_cast<double>(size.entries) * ((static_cast<double>(size.order) - 1) * sizeof(column_t) + element);
  // A copy for each sorted mode, with where its indices begin and, one mode after the other, what sorting takes.
  double sorted = 0, sorting = 0, parts = 0;
  for (int n = 0; n < size.order; ++n) {
    const index_t length = size.shape[static_cast<std::size_t>(n)];
    if (cp_sorts(size.entries, length, size.sorted_copies)) {
      sorted += copy + sizeof(offset_t) * static_cast<double>(length);
      sorting = std::max(sorting, cpu::transpose_workspace(1, length, 1, size.entries));
    } else {
      parts = std::max(parts, static_cast<double>((unsorted_parts(size.entries, length) - 1) * length) *
                                  std::min<double>(kPartColumnBytes, static_cast<double>(columns) * element));
    }
  }
  // Those of nvecs come before the first sweep, one mode's after the other's.
  if (size.start == CpStart::nvecs && parts > 0) parts = std::max(parts, copy);
  return factors + sorted + sorting + parts;
}

/// What cp_als_memory() tells, where it is taken.
void require_memory_of(const Context& ctx, const CpSize& size) {
  const bool nvecs = size.start == CpStart::nvecs;
  const char* const advice = nvecs ? "a smaller rank or another start takes less" : "a smaller rank takes less";
  if (ctx.memory()->on_host()) return require_memory(ctx, "cp_als", cp_als_memory(size), advice);
  const NvecsBytes start = nvecs ? nvecs_bytes(size) : NvecsBytes{};
  require_memory(ctx, "cp_als", saturated(sweep_bytes(size) + start.context), advice);
  require_memory(*host_memory(), "host", "cp_als", saturated(start.host), advice);
}

template <class T>
void require_start(Context& ctx, int order, const std::array<index_t, kMaxOrder>& shape, const CpOptions& options,
                   const FactorViews<T>& start) {
  for (int n = 0; n < order; ++n) {
    const auto mode = static_cast<std::size_t>(n);
    const std::string name = mode_text("start", n);
    if (start[mode].rows == 0) {
      if (options.modes[mode].fixed)
        throw InvalidArgument("mode " + std::to_string(n) + " is fixed, but " + name + " is not given");
      continue;
    }
    if (options.starts > 1)
      throw InvalidArgument(name + " is given, but starts is " + std::to_string(options.starts) + ", expected 1");
    require_view(ctx, start[mode], name.c_str());
    require_shape(name.c_str(), start[mode].rows, start[mode].cols, shape[mode], options.rank);
    require_startable(ctx, start[mode], name);
  }
}

/// The Grams of a good model are as large as |T|^2, and they must be numbers T.
template <class T>
void require_norm(double norm) {
  const char* const name = sizeof(T) == sizeof(float) ? "float" : "double";
  const auto most = static_cast<double>(std::numeric_limits<T>::max());
  const std::string range =
      std::string("exceeds a fourth of what ") + name + " holds, " + number_text(most) + ": scale the tensor";
  if (std::isnan(norm)) throw InvalidArgument("tensor has an element that is not finite");
  if (std::isinf(norm))
    throw InvalidArgument("tensor has an element that is not finite, or the sum of its squares " + range);
  if (norm > std::sqrt(most) / 2)
    throw InvalidArgument("tensor has the norm " + number_text(norm) + ", whose square " + range);
  const double least = static_cast<double>(std::numeric_limits<T>::min()) / std::numeric_limits<T>::epsilon();
  if (norm > 0 && norm * norm < least)
    throw InvalidArgument("tensor has the norm " + number_text(norm) + ", whose square is below " + number_text(least) +
                          ", where " + name + " loses digits: scale the tensor");
}

template <class T, class Tensor>
CpResult<T> run(Context& ctx, Tensor& tensor, const CpOptions& options, const FactorViews<T>& start) {
  const double norm = tensor.norm();
  require_norm<T>(norm);
  if (norm == 0)
    throw InvalidArgument("tensor is all zero, or the squares of its elements are: scale it, or there is no model");
  CpAls<T, Tensor> als(ctx, tensor, options, start);
  CpResult<T> result = als();
  const std::vector<Components>& components = als.components();
  const Components& best = components[static_cast<std::size_t>(result.best_run)];
  result.diagnostics = shape_of(best, norm);
  result.diagnostics.core_consistency = core_consistency<T>(ctx, tensor, best);
  for (std::size_t s = 0; s < result.runs.size(); ++s) {
    result.runs[s].match = components[s].weights.empty() ? 0 : match_score(best, components[s]);
    result.runs[s].swamp_sweeps = swamp_sweeps(result.runs[s].history);
  }
  return result;
}

template <class T>
CpResult<T> run(Context& ctx, const DenseTensorView<T>& tensor, const CpOptions& options, const FactorViews<T>& start) {
  require_order(tensor.order, tensor.shape);
  require_space(ctx, tensor.data, "tensor.data");
  require_options(tensor.order, options);
  const CpSize size{tensor.order, tensor.shape, 0, options.rank, options.starts, sizeof(T), options.start};
  if (options.start == CpStart::nvecs) require_decomposable(size);
  require_memory_of(ctx, size);
  require_start(ctx, tensor.order, tensor.shape, options, start);
  DenseCpTensor<T> dense(ctx, tensor);
  return run(ctx, dense, options, start);
}

template <class T>
CpResult<T> run(Context& ctx, const SparseTensorView<T>& tensor, const CpOptions& options,
                const FactorViews<T>& start) {
  require_order(tensor.order, tensor.shape);
  if (tensor.entries < 1) throw InvalidArgument("tensor has no entries: it is all zero");
  if (tensor.weights != nullptr)
    throw InvalidArgument("tensor.weights is given, expected null: what has no entry is 0, not unknown");
  require_options(tensor.order, options);
  const bool sorted_copies = options.sorted_copies || ctx.backend() == Backend::cuda;
  require_memory_of(ctx, {tensor.order, tensor.shape, tensor.entries, options.rank, options.starts, sizeof(T),
                          options.start, sorted_copies});
  require_start(ctx, tensor.order, tensor.shape, options, start);
  SparseCpTensor<T> sparse(ctx, tensor, sorted_copies);
  return run(ctx, sparse, options, start);
}

}  // namespace

CpResult<float> cp_als(Context& ctx, const DenseTensorView<float>& tensor, const CpOptions& options,
                       const FactorViews<float>& start) {
  return run(ctx, tensor, options, start);
}
CpResult<double> cp_als(Context& ctx, const DenseTensorView<double>& tensor, const CpOptions& options,
                        const FactorViews<double>& start) {
  return run(ctx, tensor, options, start);
}
CpResult<float> cp_als(Context& ctx, const SparseTensorView<float>& tensor, const CpOptions& options,
                       const FactorViews<float>& start) {
  return run(ctx, tensor, options, start);
}
CpResult<double> cp_als(Context& ctx, const SparseTensorView<double>& tensor, const CpOptions& options,
                        const FactorViews<double>& start) {
  return run(ctx, tensor, options, start);
}

std::int64_t cp_als_memory(const CpSize& size) {
  const NvecsBytes start = size.start == CpStart::nvecs ? nvecs_bytes(size) : NvecsBytes{};
  return saturated(sweep_bytes(size) + start.context + start.host);
}

const char* to_string(CpStart start) {
  switch (start) {
    case CpStart::normal:
      return "normal";
    case CpStart::range_finder:
      return "range_finder";
    case CpStart::nvecs:
      return "nvecs";
  }
  return "";
}

const std::vector<CpStart>& all_cp_starts() {
  static const std::vector<CpStart> all{CpStart::normal, CpStart::range_finder, CpStart::nvecs};
  return all;
}

}  // namespace seesaw
