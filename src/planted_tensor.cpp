#include "seesaw/planted_tensor.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>
#include <utility>

#include "checks.hpp"
#include "cpu/parallel.hpp"
#include "planted_shape.hpp"
#include "power_law.hpp"
#include "seesaw/random.hpp"

namespace seesaw {
namespace {

/// Each purpose draws from a seed of its own; those of the modes follow one another. Those from 0 to 7 are of
/// cp_als()'s start: a fit with the same seed must not begin at its answer.
enum Stream : std::uint64_t { kFactors = kMaxOrder, kOrders = 2 * kMaxOrder, kPlaces = 3 * kMaxOrder, kKeys, kNoise };

double exponent_of(const PlantedTensorOptions& options, std::size_t mode) {
  return options.exponents.empty() ? 0 : options.exponents[mode];
}

void require_options(const PlantedTensorOptions& options) {
  require_planted_shape(options.shape, kMostRows, "1 to 2^31 - 1");
  require_rank(options.rank);
  if (const index_t places = place_count(options.shape); options.entries < 1 || options.entries > places)
    throw InvalidArgument("entries is " + std::to_string(options.entries) +
                          ", expected 1 to the product of the sizes, " + std::to_string(places));
  require(std::isfinite(options.mean), "mean", options.mean, "a finite number");
  require(std::isfinite(options.spread) && options.spread >= 0, "spread", options.spread, "a finite number >= 0");
  require(std::isfinite(options.noise) && options.noise >= 0, "noise", options.noise, "a finite number >= 0");
  if (!options.exponents.empty() && options.exponents.size() != options.shape.size())
    throw InvalidArgument("exponents has " + std::to_string(options.exponents.size()) + " numbers, expected " +
                          std::to_string(options.shape.size()) + ", one for each mode, or none");
  for (std::size_t n = 0; n < options.exponents.size(); ++n)
    require(options.exponents[n] >= 0 && options.exponents[n] <= 10, ("exponents[" + std::to_string(n) + "]").c_str(),
            options.exponents[n], "0 to 10");
}

// ---- which places

/// Gives every index of a mode the p-th number of `law`, p being how frequent it is; which are frequent is drawn.
std::vector<double> dealt_out(const std::vector<double>& law, std::uint64_t seed) {
  const auto order = shuffled(static_cast<index_t>(law.size()), seed);
  std::vector<double> dealt(law.size());
  for (std::size_t p = 0; p < law.size(); ++p) dealt[static_cast<std::size_t>(order[p])] = law[p];
  return dealt;
}

std::uint64_t order_seed(const PlantedTensorOptions& options, std::size_t mode) {
  return random_bits(options.seed, kOrders + mode);
}

/// Draws a place as a function of a number; the same one may come again.
class Draw {
 public:
  explicit Draw(const PlantedTensorOptions& options) : options_(options), seed_(random_bits(options.seed, kPlaces)) {
    for (std::size_t n = 0; n < options.shape.size(); ++n) {
      const double exponent = exponent_of(options, n);
      aliases_.push_back(exponent == 0
                             ? detail::Alias{}
                             : alias_of(dealt_out(power_law(options.shape[n], exponent), order_seed(options, n))));
    }
  }
  std::uint64_t place(std::uint64_t number) const {
    std::uint64_t place = 0, counter = number * options_.shape.size();
    for (std::size_t n = 0; n < options_.shape.size(); ++n) {
      const double uniform = random_uniform(seed_, counter++);
      const index_t size = options_.shape[n];
      const index_t index = aliases_[n].keep.empty()
                                ? std::min(static_cast<index_t>(uniform * static_cast<double>(size)), size - 1)
                                : pick(aliases_[n], uniform);
      place = place * static_cast<std::uint64_t>(size) + static_cast<std::uint64_t>(index);
    }
    return place;
  }

 private:
  const PlantedTensorOptions& options_;
  std::uint64_t seed_;
  std::vector<detail::Alias> aliases_;  ///< empty where all indices are alike
};

/// A set of up to `most` numbers below 2^63 in a table with linear probing.
class PlaceSet {
 public:
  explicit PlaceSet(offset_t most)
      : bits_(
            static_cast<int>(std::bit_width(static_cast<std::uint64_t>(most) + static_cast<std::uint64_t>(most) / 2))),
        table_(index_t{1} << bits_) {
    std::fill_n(table_.data(), table_.size(), kFree);
  }
  void prefetch(std::uint64_t place) const { __builtin_prefetch(table_.data() + slot_of(place)); }
  /// False where it was in.
  bool insert(std::uint64_t place) {
    std::size_t at = slot_of(place);
    for (; table_.data()[at] != kFree; at = (at + 1) & (static_cast<std::size_t>(table_.size()) - 1))
      if (table_.data()[at] == place) return false;
    table_.data()[at] = place;
    return true;
  }
  /// Its numbers at the front of the table, which is no set any more.
  Buffer<std::uint64_t> take() && {
    std::remove(table_.data(), table_.data() + table_.size(), kFree);
    return std::move(table_);
  }

 private:
  static constexpr std::uint64_t kFree = ~std::uint64_t{0};

  /// Knuth's multiplicative hashing, by the golden ratio.
  std::size_t slot_of(std::uint64_t place) const {
    return static_cast<std::size_t>((place * 0x9E3779B97F4A7C15ULL) >> (64 - bits_));
  }

  int bits_;
  Buffer<std::uint64_t> table_;
};

/// The first distinct ones of places drawn one after the other.
Buffer<std::uint64_t> drawn_places(const PlantedTensorOptions& options, int threads) {
  constexpr offset_t kMostTogether = 1 << 18, kBlock = 1 << 10, kAhead = 16;
  constexpr std::uint64_t kMostDraws = 64;  // for each entry
  const offset_t together = std::clamp(options.entries, kBlock, kMostTogether);
  const auto wanted = static_cast<std::uint64_t>(options.entries);
  const std::uint64_t most = kMostDraws * wanted + (1 << 16);
  const Draw draw(options);
  PlaceSet set(options.entries);
  Buffer<std::uint64_t> drawn(together + kAhead);
  std::fill_n(drawn.data() + together, kAhead, 0);
  offset_t have = 0;
  for (std::uint64_t first = 0; have < options.entries; first += static_cast<std::uint64_t>(together)) {
    if (first > most)
      throw InvalidArgument("entries is " + std::to_string(options.entries) + ", but of " + std::to_string(first) +
                            " places drawn with these exponents only " + std::to_string(have) + " are distinct");
    cpu::for_blocks(threads, cpu::block_count(together, kBlock), [&](index_t block) {
      for (index_t i = block * kBlock; i < std::min(together, (block + 1) * kBlock); ++i)
        drawn.data()[i] = draw.place(first + static_cast<std::uint64_t>(i));
    });
    for (offset_t i = 0; i < together && have < options.entries; ++i) {
      set.prefetch(drawn.data()[i + kAhead]);
      have += set.insert(drawn.data()[i]) ? 1 : 0;
    }
  }
  return std::move(set).take();
}

/// The same where a good part of all places is taken and to draw until a free one comes up would take long: those with
/// the smallest E / likelihood, E exponential, have the same distribution (Efraimidis, Spirakis 2006).
Buffer<std::uint64_t> places_by_key(const PlantedTensorOptions& options, index_t places, int threads) {
  using Key = std::pair<double, std::uint64_t>;  // logarithms, for likelihoods may underflow
  constexpr index_t kBlock = 1 << 12;
  std::vector<std::vector<double>> weights;
  for (std::size_t n = 0; n < options.shape.size(); ++n) {
    std::vector<double> law(static_cast<std::size_t>(options.shape[n]));
    for (std::size_t p = 0; p < law.size(); ++p)
      law[p] = -exponent_of(options, n) * std::log(static_cast<double>(p + 1));
    weights.push_back(dealt_out(law, order_seed(options, n)));
  }
  const std::uint64_t seed = random_bits(options.seed, kKeys);
  std::vector<Key> keys(static_cast<std::size_t>(places));
  cpu::for_blocks(threads, cpu::block_count(places, kBlock), [&](index_t block) {
    for (index_t place = block * kBlock; place < std::min(places, (block + 1) * kBlock); ++place) {
      double key = std::log(-std::log(random_uniform(seed, static_cast<std::uint64_t>(place))));
      index_t rest = place;
      for (std::size_t n = weights.size(); n-- > 0; rest /= options.shape[n])
        key -= weights[n][static_cast<std::size_t>(rest % options.shape[n])];
      keys[static_cast<std::size_t>(place)] = {key, static_cast<std::uint64_t>(place)};
    }
  });
  std::nth_element(keys.begin(), keys.begin() + (options.entries - 1), keys.end());
  Buffer<std::uint64_t> chosen(options.entries);
  for (offset_t e = 0; e < options.entries; ++e) chosen.data()[e] = keys[static_cast<std::size_t>(e)].second;
  return chosen;
}

/// Sorts parts on each thread, then merges them two by two.
void sort_places(std::uint64_t* places, offset_t count, int threads) {
  const index_t parts = static_cast<index_t>(std::bit_ceil(static_cast<unsigned>(threads)));
  const auto begin = [&](index_t part) { return places + count / parts * part + std::min(part, count % parts); };
  cpu::for_blocks(threads, parts, [&](index_t part) { std::sort(begin(part), begin(part + 1)); });
  for (index_t width = 1; width < parts; width *= 2)
    cpu::for_blocks(threads, parts / (2 * width), [&](index_t pair) {
      const index_t first = pair * 2 * width;
      std::inplace_merge(begin(first), begin(first + width), begin(first + 2 * width));
    });
}

// ---- their values

std::vector<Matrix<double>> draw_factors(const PlantedTensorOptions& options, int threads) {
  std::vector<Matrix<double>> factors;
  Context host = Context::cpu(threads);
  // A sum of k products, one number of each mode.
  const double scale = std::pow(options.spread / std::sqrt(static_cast<double>(options.rank)),
                                1 / static_cast<double>(options.shape.size()));
  for (std::size_t n = 0; n < options.shape.size(); ++n)
    fill_normal(host, random_bits(options.seed, kFactors + n), scale,
                factors.emplace_back(options.shape[n], options.rank).view());
  return factors;
}

template <class T>
void fill_entries(const PlantedTensorOptions& options, const std::uint64_t* places, int threads,
                  PlantedTensor<T>& planted) {
  constexpr offset_t kBlock = 1 << 10;
  const std::uint64_t noise_seed = random_bits(options.seed, kNoise);
  const std::size_t order = options.shape.size();
  cpu::for_blocks(
      threads, cpu::block_count(options.entries, kBlock),
      [&] { return std::vector<double>(static_cast<std::size_t>(options.rank)); },
      [&](std::vector<double>& products, index_t block) {
        for (offset_t e = block * kBlock; e < std::min(options.entries, (block + 1) * kBlock); ++e) {
          std::fill(products.begin(), products.end(), 1.0);
          auto rest = static_cast<index_t>(places[e]);
          for (std::size_t n = order; n-- > 0; rest /= options.shape[n]) {
            const index_t i = rest % options.shape[n];
            planted.entries.indices[n].data()[e] = static_cast<column_t>(i);
            for (std::size_t r = 0; r < products.size(); ++r)
              products[r] *= planted.factors[n](i, static_cast<index_t>(r));
          }
          double value = options.mean;
          for (const double product : products) value += product;
          if (options.noise > 0) value += options.noise * random_normal(noise_seed, places[e]);
          planted.entries.values.data()[e] = static_cast<T>(value);
        }
      });
}

}  // namespace

template <class T>
PlantedTensor<T> planted_tensor(const PlantedTensorOptions& options, int threads) {
  require_options(options);
  const int team = planted_threads(threads);
  constexpr index_t kFew = 1 << 16, kManyTaken = 4;
  PlantedTensor<T> planted;
  planted.entries.order = static_cast<int>(options.shape.size());
  planted.entries.values = Buffer<T>(options.entries);
  for (std::size_t n = 0; n < options.shape.size(); ++n) {
    planted.entries.shape[n] = options.shape[n];
    planted.entries.indices[n] = Buffer<column_t>(options.entries);
  }
  const index_t all = place_count(options.shape);
  Buffer<std::uint64_t> places = all <= kFew || all / kManyTaken <= options.entries ? places_by_key(options, all, team)
                                                                                    : drawn_places(options, team);
  sort_places(places.data(), options.entries, team);
  planted.factors = draw_factors(options, team);
  fill_entries(options, places.data(), team, planted);
  return planted;
}

template PlantedTensor<float> planted_tensor<float>(const PlantedTensorOptions&, int);
template PlantedTensor<double> planted_tensor<double>(const PlantedTensorOptions&, int);

}  // namespace seesaw
