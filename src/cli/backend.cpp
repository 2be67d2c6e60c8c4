#include "backend.hpp"

#include <fmt/format.h>

#include <utility>

#include "output.hpp"
#include "seesaw/memory.hpp"

namespace seesaw::cli {

void require_backend(const BackendOptions& options) {
  if (options.backend == Backend::cuda && cuda_device_count() == 0) Context::cuda();
}

ChosenBackend choose_backend(const BackendOptions& options, const std::function<std::int64_t(const Context&)>& needs) {
  if (options.backend) {
    const char* const why = "asked for";
    switch (*options.backend) {
      case Backend::reference:
        return {Context::reference(), why};
      case Backend::cpu:
        return {Context::cpu(options.threads), why};
      case Backend::cuda:
        return {Context::cuda(), why};
    }
  }
  std::string why = "no CUDA device";
  if (!cuda_built()) {
    why = "this build has no CUDA backend";
  } else if (cuda_device_count() > 0) {
    Context device = Context::cuda();
    const auto available = static_cast<std::int64_t>(device.memory()->available());
    const std::int64_t bytes = needs(device);
    if (bytes <= available) return {std::move(device), "a CUDA device is there and the problem fits"};
    why = fmt::format("the problem takes {} and the CUDA device has {} free", bytes_text(bytes), bytes_text(available));
  }
  return {Context::cpu(options.threads), why};
}

ChosenBackend choose_ranking_backend(const BackendOptions& options, index_t m, index_t n, index_t k, offset_t entries,
                                     index_t count, std::int64_t element) {
  constexpr std::int64_t kWorkspace = std::int64_t{512} << 20;  // more than top_k() and ranking_figures() take
  return choose_backend(options, [&](const Context&) {
    const std::int64_t best = m * count * (element + static_cast<std::int64_t>(sizeof(column_t)));
    return best + (m + n) * k * element + 2 * ratings_bytes(m, entries, false, element) + kWorkspace;
  });
}

std::int64_t ratings_bytes(index_t rows, offset_t entries, bool weights, std::int64_t element) {
  const auto place = static_cast<std::int64_t>(sizeof(column_t));
  return (rows + 1) * static_cast<std::int64_t>(sizeof(offset_t)) + entries * (place + element * (weights ? 2 : 1));
}

}  // namespace seesaw::cli
