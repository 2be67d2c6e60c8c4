#pragma once
#include <string>
#include <vector>

#include "seesaw/errors.hpp"

namespace seesaw::cli {

/// Options that do not go together, or a value that its option excludes.
class UsageError : public Error {
 public:
  using Error::Error;
};

enum class Precision { single, twice };

/// Calls work(T{}) with T = float or double.
template <class Work>
auto with_precision(Precision precision, const Work& work) {
  return precision == Precision::single ? work(float{}) : work(double{});
}
/// Throws as model_info() does.
Precision precision_of_model(const std::string& path);

/// Least and most of a range; empty where none is given.
using Range = std::vector<double>;
/// Throws UsageError unless MIN < MAX.
void require_range(const std::string& name, const Range& range);
double clipped(double value, const Range& range);

// ---- paths, before the long work begins

/// Throws IoError unless `path` is a file that may be read.
void require_readable(const std::string& path);
/// Throws IoError where a file could not be put in place at `path`, UsageError where it would replace one of `inputs`.
void require_writable(const std::string& path, const std::vector<std::string>& inputs);

}  // namespace seesaw::cli
