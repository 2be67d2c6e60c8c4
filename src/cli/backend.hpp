#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "seesaw/sparse.hpp"

namespace seesaw::cli {

struct BackendOptions {
  std::optional<Backend> backend;  ///< none: auto
  int threads = 0;
};

struct ChosenBackend {
  Context context;
  std::string why;
};

/// Throws BackendUnavailable where a backend asked for is not there.
void require_backend(const BackendOptions& options);

/// The backend asked for; else cuda where there is a device with as much free memory as the problem needs, else cpu.
ChosenBackend choose_backend(const BackendOptions& options, const std::function<std::int64_t(const Context&)>& needs);

/// On the host as it is, on a device a copy.
template <class Array>
Array placed(const Context& context, Array host) {
  return context.memory()->on_host() ? std::move(host) : to_context(context, host);
}

/// Where to rank: as choose_backend(), for factors of m x k and n x k numbers of `element` bytes, `entries` ratings
/// and the best `count` items of each of the m rows.
ChosenBackend choose_ranking_backend(const BackendOptions& options, index_t m, index_t n, index_t k, offset_t entries,
                                     index_t count, std::int64_t element);

/// Bytes of the ratings that als() is given.
std::int64_t ratings_bytes(index_t rows, offset_t entries, bool weights, std::int64_t element);

}  // namespace seesaw::cli
