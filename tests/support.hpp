#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "seesaw/seesaw.hpp"
#ifdef SEESAW_HOST_CUDA
#include "host_cuda/host_cuda.hpp"
#endif

namespace seesaw {

/// How GoogleTest names a backend.
inline void PrintTo(Backend backend, std::ostream* out) { *out << to_string(backend); }

}  // namespace seesaw

namespace seesaw::test {

template <class T>
constexpr double eps() {
  return std::numeric_limits<T>::epsilon();
}

/// The test bodies run on each of these. Where the machine has no CUDA device, cuda is skipped, visibly; over host_cuda
/// it always runs.
inline auto all_backends() { return ::testing::Values(Backend::reference, Backend::cpu, Backend::cuda); }

inline std::string backend_name(const ::testing::TestParamInfo<Backend>& info) { return to_string(info.param); }

inline Context make_context(Backend backend, int threads = 2) {
  switch (backend) {
    case Backend::reference:
      return Context::reference();
    case Backend::cpu:
      return Context::cpu(threads);
    case Backend::cuda:
      break;
  }
  return Context::cuda();
}

/// The fixture of tests that run on every backend.
class OnBackend : public ::testing::TestWithParam<Backend> {
 protected:
  void SetUp() override {
    if (GetParam() != Backend::cuda) return;
    if (!cuda_built())
      GTEST_SKIP() << "this build has no CUDA backend; the host-cuda build runs this test over host_cuda";
    if (cuda_device_count() == 0)
      GTEST_SKIP() << "this machine has no CUDA device; the host-cuda build runs this test over host_cuda";
  }
  Context context(int threads = 2) const { return make_context(GetParam(), threads); }
};

/// Long algorithms run their kernels in one order of threads; each kernel's own tests run it in all of them.
class OnBackendForward : public OnBackend {
#ifdef SEESAW_HOST_CUDA
  host_cuda::ScheduleScope schedule_{host_cuda::Schedules::forward_only()};
#endif
};

/// Whole runs over host_cuda take many minutes where the sanitizers watch every access.
class OnBackendLong : public OnBackendForward {
 protected:
  void SetUp() override {
    OnBackendForward::SetUp();
#if defined(SEESAW_HOST_CUDA) && defined(__SANITIZE_ADDRESS__)
    if (GetParam() == Backend::cuda) GTEST_SKIP() << "too long under the sanitizers; the host-cuda build runs it";
#endif
  }
};

template <class T>
Matrix<T> matrix_of(index_t rows, index_t cols, const std::vector<double>& values) {
  Matrix<T> m(rows, cols);
  for (index_t n = 0; n < rows * cols; ++n) m.view().data[n] = static_cast<T>(values[static_cast<std::size_t>(n)]);
  return m;
}

template <class T>
Matrix<T> random_matrix(index_t rows, index_t cols, std::uint64_t seed) {
  Context host = Context::reference();
  Matrix<T> m(rows, cols);
  fill_normal(host, seed, 1.0, m.view());
  return m;
}

template <class T>
MatrixView<const T> read(const Matrix<T>& m) {
  return m.view();
}

struct Entry {
  column_t row;
  column_t col;
  double value;
  double weight = 1;
};

/// Compressed rows in host memory; entries in any order.
template <class T>
SparseTensor<T> entries_of(index_t rows, index_t cols, const std::vector<Entry>& entries, bool weights = false) {
  const auto n = static_cast<offset_t>(entries.size());
  SparseTensor<T> t;
  t.shape = {rows, cols};
  t.indices[0] = Buffer<column_t>(n);
  t.indices[1] = Buffer<column_t>(n);
  t.values = Buffer<T>(n);
  if (weights) t.weights = Buffer<T>(n);
  for (offset_t e = 0; e < n; ++e) {
    const Entry& entry = entries[static_cast<std::size_t>(e)];
    t.indices[0].data()[e] = entry.row;
    t.indices[1].data()[e] = entry.col;
    t.values.data()[e] = static_cast<T>(entry.value);
    if (weights) t.weights.data()[e] = static_cast<T>(entry.weight);
  }
  return t;
}

template <class T>
Csr<T> csr_of(index_t rows, index_t cols, const std::vector<Entry>& entries, bool weights = false) {
  Context host = Context::reference();
  return compress(host, entries_of<T>(rows, cols, entries, weights).view());
}

/// Row i has lengths[i % lengths.size()] entries (at most `cols`), in columns drawn without replacement.
template <class T>
Csr<T> random_csr(const std::vector<index_t>& lengths, index_t cols, std::uint64_t seed, bool weights = false) {
  std::vector<Entry> entries;
  std::vector<column_t> columns(static_cast<std::size_t>(cols));
  std::uint64_t draw = 0;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    for (std::size_t j = 0; j < columns.size(); ++j) columns[j] = static_cast<column_t>(j);
    for (index_t n = 0; n < std::min(lengths[i], cols); ++n) {
      const auto left = static_cast<std::uint64_t>(cols - n);
      const auto pick = static_cast<std::size_t>(n) + random_bits(seed, draw++) % left;
      std::swap(columns[static_cast<std::size_t>(n)], columns[pick]);
      const double value = random_normal(seed, draw++), weight = 0.5 + random_uniform(seed, draw++);
      entries.push_back({static_cast<column_t>(i), columns[static_cast<std::size_t>(n)], value, weight});
    }
  }
  return csr_of<T>(static_cast<index_t>(lengths.size()), cols, entries, weights);
}

/// What a half-sweep gave, in host memory.
template <class T>
struct Solved {
  Matrix<T> x;
  std::int64_t singular_rows;
};

/// lambda w of a row with so many entries.
inline double ridge_of(Penalty penalty, index_t entries) {
  if (penalty.weighting == Weighting::plain) return penalty.lambda;
  return penalty.lambda * std::pow(static_cast<double>(entries) + penalty.offset, penalty.exponent);
}

template <class T>
double largest_difference(const Matrix<T>& a, const Matrix<T>& b) {
  double largest = 0;
  for (index_t i = 0; i < a.rows(); ++i)
    for (index_t j = 0; j < a.cols(); ++j) {
      const double difference = std::abs(static_cast<double>(a(i, j)) - static_cast<double>(b(i, j)));
      largest = std::isnan(difference) ? difference : std::max(largest, difference);
    }
  return largest;
}

template <class T>
bool same_bits(const Buffer<T>& a, const Buffer<T>& b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(T)) == 0);
}
template <class T>
bool same_bits(const Matrix<T>& a, const Matrix<T>& b) {
  return a.rows() == b.rows() && a.cols() == b.cols() && same_bits(a.buffer(), b.buffer());
}

/// Runs `f` and returns the message of the E it throws.
template <class E, class F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const E& error) {
    return error.what();
  } catch (const std::exception& error) {
    ADD_FAILURE() << "threw another error: " << error.what();
    return "";
  }
  ADD_FAILURE() << "threw nothing";
  return "";
}

/// Where the test data lie: $SEESAW_DATA, ../shared/data beside the sources, or data/ (scripts/get-data.sh). Empty
/// where `file` is in none of them.
inline std::filesystem::path data_file(const std::string& file) {
  std::vector<std::filesystem::path> folders;
  if (const char* set = std::getenv("SEESAW_DATA")) folders.emplace_back(set);
  const std::filesystem::path source = SEESAW_SOURCE_DIR;
  folders.push_back(source.parent_path() / "shared" / "data");
  folders.push_back(source / "data");
  for (const auto& folder : folders)
    if (std::filesystem::exists(folder / file)) return folder / file;
  return {};
}

}  // namespace seesaw::test
