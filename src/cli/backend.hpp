#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "seesaw/context.hpp"
#include "seesaw/types.hpp"

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

/// Bytes of the ratings that als() is given.
std::int64_t ratings_bytes(index_t rows, offset_t entries, bool weights, std::int64_t element);

}  // namespace seesaw::cli
