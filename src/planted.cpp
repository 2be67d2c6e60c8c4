#include "seesaw/planted.hpp"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <numeric>
#include <string>
#include <utility>

#include "checks.hpp"
#include "power_law.hpp"
#include "seesaw/random.hpp"

namespace seesaw {
namespace {

/// Each purpose draws from a seed of its own.
enum class Stream : std::uint64_t { x, y, row_order, col_order, columns, noise };

std::uint64_t seed_of(const PlantedOptions& options, Stream stream) {
  return random_bits(options.seed, static_cast<std::uint64_t>(stream));
}

void require_options(const PlantedOptions& options) {
  const auto size = [](const char* name, index_t value) {
    if (value < 1 || value > kMostRows)
      throw InvalidArgument(std::string(name) + " is " + std::to_string(value) + ", expected 1 to 2^31 - 1");
  };
  size("rows", options.rows);
  size("cols", options.cols);
  require_rank(options.rank);
  if (options.entries < 1 || options.entries > options.rows * options.cols)
    throw InvalidArgument("entries is " + std::to_string(options.entries) +
                          ", expected 1 to rows * cols = " + std::to_string(options.rows * options.cols));
  require(std::isfinite(options.mean), "mean", options.mean, "a finite number");
  require(std::isfinite(options.spread) && options.spread >= 0, "spread", options.spread, "a finite number >= 0");
  require(std::isfinite(options.noise) && options.noise >= 0, "noise", options.noise, "a finite number >= 0");
  const auto exponent = [](const char* name, double value) {
    require(value >= 0 && value <= 10, name, value, "0 to 10");  // more would underflow
  };
  exponent("row_exponent", options.row_exponent);
  exponent("col_exponent", options.col_exponent);
}

/// Lengths c * p^-exponent, rounded down and held between least and most, in order of frequency: the largest c for
/// which they come to no more than `total`; then one more each, from the first that has room, until they come to it.
std::vector<offset_t> power_law_lengths(index_t rows, offset_t least, offset_t most, double exponent, offset_t total) {
  const std::vector<double> law = power_law(rows, exponent);
  std::vector<offset_t> lengths(law.size());
  const auto fill = [&](double c) {
    for (std::size_t p = 0; p < law.size(); ++p)
      lengths[p] = std::max(static_cast<offset_t>(std::min(c * law[p], static_cast<double>(most))), least);
    return std::accumulate(lengths.begin(), lengths.end(), offset_t{0});
  };
  double low = 0, high = 1;
  while (fill(high) < total) high *= 2;
  constexpr int kHalvings = 60;  // beyond the bits of a double
  for (int step = 0; step < kHalvings; ++step) {
    const double middle = (low + high) / 2;
    (fill(middle) <= total ? low : high) = middle;
  }
  offset_t missing = total - fill(low);
  while (missing > 0)
    for (offset_t& length : lengths)
      if (missing > 0 && length < most) {
        ++length;
        --missing;
      }
  return lengths;
}

}  // namespace

// ---- the plan: factors, lengths of the rows, weights of the columns

Planted::Planted(const PlantedOptions& options) : options_(options) {
  require_options(options);
  const index_t m = options.rows, n = options.cols, k = options.rank;
  x_ = Matrix<double>(m, k);
  y_ = Matrix<double>(n, k);
  auto host = Context::reference();
  const double scale = std::sqrt(options.spread) / std::pow(static_cast<double>(k), 0.25);  // x_i.y_j: k terms
  fill_normal(host, seed_of(options, Stream::x), scale, x_.view());
  fill_normal(host, seed_of(options, Stream::y), scale, y_.view());

  const auto lengths = power_law_lengths(m, options.entries >= m ? 1 : 0, n, options.row_exponent, options.entries);
  const auto row_order = shuffled(m, seed_of(options, Stream::row_order));
  offsets_.assign(static_cast<std::size_t>(m) + 1, 0);
  for (std::size_t p = 0; p < lengths.size(); ++p) offsets_[static_cast<std::size_t>(row_order[p]) + 1] = lengths[p];
  std::partial_sum(offsets_.begin(), offsets_.end(), offsets_.begin());

  const auto law = power_law(n, options.col_exponent);
  const auto col_order = shuffled(n, seed_of(options, Stream::col_order));
  weights_.resize(law.size());
  for (std::size_t p = 0; p < law.size(); ++p) weights_[static_cast<std::size_t>(col_order[p])] = law[p];
  alias_ = alias_of(weights_);
}

// ---- the columns of one row

/// Draws the columns of a row; one for each thread, for it remembers which are taken.
class Planted::Draw {
 public:
  explicit Draw(const Planted& planted)
      : planted_(planted),
        seed_(seed_of(planted.options_, Stream::columns)),
        taken_(static_cast<std::size_t>(planted.options_.cols)) {}

  /// columns[0] to columns[count - 1], ascending.
  void columns_of(index_t row, offset_t count, column_t* columns) {
    // At most 2^32 numbers for each of 2^31 rows.
    const std::uint64_t counter = static_cast<std::uint64_t>(row) << 32;
    offset_t have = 0;
    for (index_t t = 0; t < planted_.options_.cols && have < count; ++t) {
      const column_t j = pick(planted_.alias_, random_uniform(seed_, counter + static_cast<std::uint64_t>(t)));
      if (taken_[static_cast<std::size_t>(j)]) continue;
      taken_[static_cast<std::size_t>(j)] = true;
      columns[have++] = j;
    }
    if (have < count) remaining(counter, count - have, columns + have);
    std::sort(columns, columns + count);
    for (offset_t e = 0; e < count; ++e) taken_[static_cast<std::size_t>(columns[e])] = false;
  }

 private:
  /// Most weight is taken, so drawing until a free column comes up would take long. The `count` smallest of E_j /
  /// weight_j, E_j exponential, have the same distribution (Efraimidis, Spirakis 2006).
  void remaining(std::uint64_t counter, offset_t count, column_t* columns) {
    const std::uint64_t beyond = counter + (std::uint64_t{1} << 31);
    keys_.clear();
    for (column_t j = 0; j < planted_.options_.cols; ++j)
      if (!taken_[static_cast<std::size_t>(j)])
        keys_.emplace_back(-std::log(random_uniform(seed_, beyond + static_cast<std::uint64_t>(j))) /
                               planted_.weights_[static_cast<std::size_t>(j)],
                           j);
    std::nth_element(keys_.begin(), keys_.begin() + (count - 1), keys_.end());
    for (offset_t e = 0; e < count; ++e) columns[e] = keys_[static_cast<std::size_t>(e)].second;
  }

  const Planted& planted_;
  std::uint64_t seed_;
  std::vector<bool> taken_;
  std::vector<std::pair<double, column_t>> keys_;
};

template <class T>
SparseTensor<T> Planted::entries(index_t first, index_t last, int threads) const {
  if (first < 0 || first > last || last > options_.rows)
    throw InvalidArgument("rows " + std::to_string(first) + " to " + std::to_string(last) + " are not within 0 to " +
                          std::to_string(options_.rows));
  if (threads < 0) throw InvalidArgument("threads is " + std::to_string(threads) + ", expected 0 (all) or more");
  const offset_t begin = offsets_[static_cast<std::size_t>(first)];
  const offset_t size = offsets_[static_cast<std::size_t>(last)] - begin;
  SparseTensor<T> block;
  block.shape[0] = options_.rows;
  block.shape[1] = options_.cols;
  block.indices[0] = Buffer<column_t>(size);
  block.indices[1] = Buffer<column_t>(size);
  block.values = Buffer<T>(size);
  const std::uint64_t noise_seed = seed_of(options_, Stream::noise);
  const auto fill_row = [&](Draw& draw, index_t i) {
    const offset_t from = offsets_[static_cast<std::size_t>(i)], to = offsets_[static_cast<std::size_t>(i) + 1];
    column_t* const columns = block.indices[1].data() + (from - begin);
    draw.columns_of(i, to - from, columns);
    for (offset_t e = from; e < to; ++e) {
      const column_t j = columns[e - from];
      double value = options_.mean;
      for (index_t f = 0; f < options_.rank; ++f) value += x_(i, f) * y_(j, f);
      if (options_.noise > 0) value += options_.noise * random_normal(noise_seed, static_cast<std::uint64_t>(e));
      block.indices[0].data()[e - begin] = static_cast<column_t>(i);
      block.values.data()[e - begin] = static_cast<T>(value);
    }
  };
  const int workers = threads > 0 ? threads : omp_get_max_threads();
  std::vector<Draw> draws(static_cast<std::size_t>(workers), Draw(*this));
  std::exception_ptr failure;
#pragma omp parallel for schedule(dynamic, 64) num_threads(workers)
  for (index_t i = first; i < last; ++i) {
    try {
      fill_row(draws[static_cast<std::size_t>(omp_get_thread_num())], i);
    } catch (...) {
#pragma omp critical(seesaw_planted)
      failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
  return block;
}

template SparseTensor<float> Planted::entries<float>(index_t, index_t, int) const;
template SparseTensor<double> Planted::entries<double>(index_t, index_t, int) const;

}  // namespace seesaw
