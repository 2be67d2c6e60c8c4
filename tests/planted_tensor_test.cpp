#include "seesaw/planted_tensor.hpp"

#include <cmath>
#include <functional>
#include <set>

#include "support.hpp"

namespace seesaw::test {
namespace {

std::vector<index_t> indices_of(index_t position, const std::vector<index_t>& shape) {
  std::vector<index_t> index(shape.size());
  for (std::size_t n = shape.size(); n-- > 0; position /= shape[n]) index[n] = position % shape[n];
  return index;
}

/// sum_r prod_n A_n(i_n, r), and the sum of its terms' absolute values.
std::pair<double, double> model_at(const std::vector<Matrix<double>>& factors, const std::vector<index_t>& index) {
  double sum = 0, scale = 0;
  for (index_t r = 0; r < factors[0].cols(); ++r) {
    double product = 1;
    for (std::size_t n = 0; n < factors.size(); ++n) product *= factors[n](index[n], r);
    sum += product;
    scale += std::abs(product);
  }
  return {sum, scale};
}

double norm_of(const std::vector<double>& values) {
  double squares = 0;
  for (const double value : values) squares += value * value;
  return std::sqrt(squares);
}

// ---- planted_cp

PlantedCpOptions cp_options() {
  PlantedCpOptions options;
  options.shape = {11, 6, 13};
  options.rank = 5;
  options.seed = 3;
  return options;
}

TEST(PlantedCp, IsTheSumOfItsRankOneTerms) {
  PlantedCpOptions options = cp_options();
  for (const std::vector<index_t>& shape :
       std::vector<std::vector<index_t>>{{11, 6, 13}, {7, 9}, {2, 3, 2, 3, 2, 3, 2, 3}}) {
    options.shape = shape;
    const auto planted = planted_cp<double>(options);
    ASSERT_EQ(planted.tensor.order, static_cast<int>(shape.size()));
    ASSERT_EQ(planted.factors.size(), shape.size());
    for (std::size_t n = 0; n < shape.size(); ++n) {
      EXPECT_EQ(planted.tensor.shape[n], shape[n]);
      EXPECT_EQ(planted.factors[n].rows(), shape[n]);
    }
    for (index_t p = 0; p < planted.tensor.values.size(); ++p) {
      const auto [value, scale] = model_at(planted.factors, indices_of(p, shape));
      // Each side: up to 8 products and 5 sums (Higham, section 3.1).
      EXPECT_NEAR(planted.tensor.values.data()[p], value, 2 * 13 * eps<double>() * scale);
    }
  }
}

TEST(PlantedCp, ColumnsHaveNormOne) {
  const auto planted = planted_cp<double>(cp_options());
  for (const auto& factor : planted.factors)
    for (index_t r = 0; r < 5; ++r) {
      double squares = 0, product = 0;
      for (index_t i = 0; i < factor.rows(); ++i) {
        squares += factor(i, r) * factor(i, r);
        product += factor(i, r) * factor(i, (r + 1) % 5);
      }
      EXPECT_NEAR(squares, 1, 2 * static_cast<double>(factor.rows()) * eps<double>());
      EXPECT_GT(std::abs(product), 1e-6) << "independent columns are not orthogonal";
    }
}

/// Also where a mode is no larger than the rank.
TEST(PlantedCp, ColumnsHaveTheCongruenceAskedFor) {
  PlantedCpOptions options = cp_options();
  options.rank = 6;
  for (const double congruence : {0.0, 0.5, 0.9, 0.999}) {
    options.congruence = congruence;
    const auto planted = planted_cp<double>(options);
    for (const auto& factor : planted.factors)
      for (index_t r = 0; r < 6; ++r)
        for (index_t s = 0; s < 6; ++s) {
          double product = 0;
          for (index_t i = 0; i < factor.rows(); ++i) product += factor(i, r) * factor(i, s);
          // Orthonormal columns to some eps; the Cholesky factor has a backward error of k eps (Higham, section 10.1).
          EXPECT_NEAR(product, r == s ? 1 : congruence, 1e-12);
        }
  }
}

TEST(PlantedCp, NoiseHasTheNormAskedFor) {
  PlantedCpOptions options = cp_options();
  options.shape = {40, 30, 40};  // several blocks of elements
  const auto clean = planted_cp<double>(options);
  for (const double mu : {0.01, 0.5}) {
    options.noise = mu;
    const auto noisy = planted_cp<double>(options);
    std::vector<double> noise, tensor;
    double sum = 0;
    for (index_t p = 0; p < clean.tensor.values.size(); ++p) {
      tensor.push_back(clean.tensor.values.data()[p]);
      noise.push_back(noisy.tensor.values.data()[p] - tensor.back());
      sum += noise.back();
    }
    const auto count = static_cast<double>(noise.size());
    // Sums of `count` squares on both sides, and elements that were rounded once the noise was added.
    EXPECT_NEAR(norm_of(noise), mu * norm_of(tensor), (2 * count * mu + 2) * eps<double>() * norm_of(tensor));
    // Independent of mean 0: five standard deviations of the sum.
    EXPECT_LE(std::abs(sum), 5 * norm_of(noise));
  }
}

TEST(PlantedCp, ThreadsDoNotMatterAndFloatIsDoubleRounded) {
  PlantedCpOptions options = cp_options();
  options.shape = {40, 30, 40};
  options.noise = 0.1;
  const auto one = planted_cp<double>(options, 1);
  for (const int threads : {2, 5}) {
    const auto more = planted_cp<double>(options, threads);
    EXPECT_TRUE(same_bits(one.tensor.values, more.tensor.values));
    for (std::size_t n = 0; n < 3; ++n) EXPECT_TRUE(same_bits(one.factors[n], more.factors[n]));
  }
  const auto rounded = planted_cp<float>(options, 2);
  for (index_t p = 0; p < one.tensor.values.size(); ++p)
    ASSERT_EQ(rounded.tensor.values.data()[p], static_cast<float>(one.tensor.values.data()[p]));
  options.seed = 4;
  EXPECT_FALSE(same_bits(one.tensor.values, planted_cp<double>(options).tensor.values));
}

TEST(PlantedCp, RefusesWhatCannotBe) {
  const auto message = [](const std::function<void(PlantedCpOptions&)>& change, int threads = 0) {
    PlantedCpOptions options = cp_options();
    change(options);
    return message_of<InvalidArgument>([&] { planted_cp<float>(options, threads); });
  };
  EXPECT_EQ(message([](auto& o) { o.shape = {3}; }), "shape has 1 sizes, expected 2 to 8");
  EXPECT_EQ(message([](auto& o) { o.shape.assign(9, 1); }), "shape has 9 sizes, expected 2 to 8");
  EXPECT_EQ(message([](auto& o) { o.shape = {3, 0}; }), "shape[1] is 0, expected at least 1");
  EXPECT_EQ(message([](auto& o) {
              o.shape = {index_t{1} << 32, index_t{1} << 31};
            }),
            "the sizes of shape multiply to more than 2^63 - 1");
  EXPECT_EQ(message([](auto& o) { o.rank = 0; }), "rank is 0, expected at least 1");
  EXPECT_EQ(message([](auto& o) { o.noise = -1; }), "noise is -1, expected a finite number >= 0");
  EXPECT_EQ(message([](auto& o) { o.congruence = 1; }), "congruence is 1, expected at least 0 and below 1");
  EXPECT_EQ(message([](auto& o) { o.congruence = -0.1; }), "congruence is -0.1, expected at least 0 and below 1");
  EXPECT_EQ(message([](auto& o) { o.congruence = std::nan(""); }),
            "congruence is nan, expected at least 0 and below 1");
  EXPECT_EQ(message([](auto& o) {
              o.congruence = 0.5;
              o.rank = 7;
            }),
            "rank is 7, expected at most shape[1] = 6: columns of a given congruence are independent");
  EXPECT_EQ(message([](auto&) {}, -1), "threads is -1, expected 0 (all) or more");
}

// ---- planted_tensor

PlantedTensorOptions tensor_options() {
  PlantedTensorOptions options;
  options.shape = {200, 100, 50};  // so many places that they are drawn
  options.entries = 5000;
  options.rank = 3;
  options.mean = 2;
  options.exponents = {0.5, 0, 1};
  options.seed = 11;
  return options;
}

void expect_entries(const PlantedTensorOptions& options) {
  const auto planted = planted_tensor<double>(options);
  const auto& entries = planted.entries;
  ASSERT_EQ(entries.order, static_cast<int>(options.shape.size()));
  ASSERT_EQ(entries.values.size(), options.entries);
  std::vector<index_t> before;
  for (offset_t e = 0; e < options.entries; ++e) {
    std::vector<index_t> index;
    for (std::size_t n = 0; n < options.shape.size(); ++n) {
      index.push_back(entries.indices[n].data()[e]);
      ASSERT_GE(index[n], 0);
      ASSERT_LT(index[n], options.shape[n]);
    }
    if (e > 0) {
      ASSERT_LT(before, index) << "distinct and ascending";
    }
    const auto [value, scale] = model_at(planted.factors, index);
    // Each side: up to 8 products, 3 sums and the mean's.
    ASSERT_NEAR(entries.values.data()[e], options.mean + value, 2 * 12 * eps<double>() * (2 + scale));
    before = index;
  }
}

TEST(PlantedTensor, EntriesAreDistinctAscendingAndFollowTheFormula) {
  PlantedTensorOptions options = tensor_options();
  expect_entries(options);
  options.shape = {30, 20, 10};  // so few that each has a key
  expect_entries(options);
  options.exponents = {};
  options.shape = {1000, 5000};
  expect_entries(options);
  options.shape = {7, 6, 5, 4, 7, 6, 5, 4};
  expect_entries(options);
  options.rank = 1;
  options.shape.assign(3, index_t{1} << 20);  // numbers of 60 bits
  expect_entries(options);
}

/// However unlikely some are.
TEST(PlantedTensor, AllPlacesMayBeTaken) {
  PlantedTensorOptions options = tensor_options();
  options.shape = {100, 3, 4};
  options.exponents = {10, 10, 10};
  options.entries = 1200;
  expect_entries(options);
}

/// How many entries each slice has, the most first.
std::vector<double> slice_sizes(const PlantedTensorOptions& options, std::size_t mode) {
  const auto planted = planted_tensor<float>(options);
  std::vector<double> sizes(static_cast<std::size_t>(options.shape[mode]));
  for (offset_t e = 0; e < options.entries; ++e)
    ++sizes[static_cast<std::size_t>(planted.entries.indices[mode].data()[e])];
  std::sort(sizes.rbegin(), sizes.rend());
  return sizes;
}

/// Shares p^-exponent / sum. Few places are taken, in the frequent slices at most 1 % of them in the first case and 5 %
/// in the second; as a place is not drawn again, that moves a share by less than half of it.
TEST(PlantedTensor, SlicesFollowThePowerLaw) {
  PlantedTensorOptions options = tensor_options();
  const auto expect_law = [&](std::size_t mode, double exponent) {
    double total = 0;
    for (index_t p = 1; p <= options.shape[mode]; ++p) total += std::pow(static_cast<double>(p), -exponent);
    const auto sizes = slice_sizes(options, mode);
    for (std::size_t p = 0; p < sizes.size(); ++p) {
      const double expected =
          static_cast<double>(options.entries) * std::pow(static_cast<double>(p + 1), -exponent) / total;
      // Five standard deviations of a binomial number, and what is not drawn again.
      EXPECT_NEAR(sizes[p], expected, 5 * std::sqrt(expected) + 0.03 * expected + 1) << "slice " << p;
    }
  };
  options.shape = {30, 100000, 20};
  options.entries = 5000;
  options.exponents = {1, 0, 2};
  expect_law(0, 1);
  expect_law(2, 2);
  options.shape = {10, 80, 80};  // each place has a key
  options.entries = 1000;
  options.exponents = {1, 0, 0};
  expect_law(0, 1);
}

TEST(PlantedTensor, WhichSlicesAreFrequentIsDrawn) {
  PlantedTensorOptions options = tensor_options();
  options.exponents = {2, 0, 0};
  std::set<index_t> most_frequent;
  for (options.seed = 0; options.seed < 8; ++options.seed) {
    const auto planted = planted_tensor<float>(options);
    std::vector<offset_t> sizes(200);
    for (offset_t e = 0; e < options.entries; ++e)
      ++sizes[static_cast<std::size_t>(planted.entries.indices[0].data()[e])];
    most_frequent.insert(std::max_element(sizes.begin(), sizes.end()) - sizes.begin());
  }
  EXPECT_GT(most_frequent.size(), 4U);  // of 200
}

TEST(PlantedTensor, ThreadsDoNotMatterAndFloatIsDoubleRounded) {
  for (const std::vector<index_t>& shape : std::vector<std::vector<index_t>>{{200, 100, 50}, {30, 20, 10}}) {
    PlantedTensorOptions options = tensor_options();
    options.shape = shape;
    options.noise = 0.5;
    const auto one = planted_tensor<double>(options, 1);
    for (const int threads : {2, 5}) {
      const auto more = planted_tensor<double>(options, threads);
      EXPECT_TRUE(same_bits(one.entries.values, more.entries.values));
      for (std::size_t n = 0; n < 3; ++n) EXPECT_TRUE(same_bits(one.entries.indices[n], more.entries.indices[n]));
    }
    const auto rounded = planted_tensor<float>(options, 2);
    for (offset_t e = 0; e < options.entries; ++e)
      ASSERT_EQ(rounded.entries.values.data()[e], static_cast<float>(one.entries.values.data()[e]));
    options.seed = 12;
    EXPECT_FALSE(same_bits(one.entries.values, planted_tensor<double>(options).entries.values));
  }
}

TEST(PlantedTensor, SpreadAndNoiseAreStandardDeviations) {
  PlantedTensorOptions options;
  options.shape = {300, 300, 300};
  options.entries = 30000;
  options.rank = 50;
  options.spread = 2;
  options.mean = 1;
  const auto clean = planted_tensor<double>(options);
  options.noise = 0.5;
  const auto noisy = planted_tensor<double>(options);
  double squares = 0, noise = 0;
  for (offset_t e = 0; e < options.entries; ++e) {
    squares += std::pow(clean.entries.values.data()[e] - 1, 2);
    noise += std::pow(noisy.entries.values.data()[e] - clean.entries.values.data()[e], 2);
  }
  // The noise: independent draws, five deviations of their spread. The products: 300 * 50 numbers a mode, each entering
  // squared, so a relative deviation of the sum of sqrt(3 * 2 / 15000) besides that of the entries, whose squares have
  // the variance 2.5 (a kurtosis of 3 + 24 / 50).
  EXPECT_NEAR(std::sqrt(noise / 30000), 0.5, 0.5 * 5 / std::sqrt(2 * 30000.0));
  EXPECT_NEAR(std::sqrt(squares / 30000), 2, 2 * 5 * (std::sqrt(6 / 15000.0) + std::sqrt(2.5 / 30000.0)) / 2);
}

TEST(PlantedTensor, RefusesWhatCannotBe) {
  const auto message = [](const std::function<void(PlantedTensorOptions&)>& change, int threads = 0) {
    PlantedTensorOptions options = tensor_options();
    change(options);
    return message_of<InvalidArgument>([&] { planted_tensor<float>(options, threads); });
  };
  EXPECT_EQ(message([](auto& o) { o.shape = {}; }), "shape has 0 sizes, expected 2 to 8");
  EXPECT_EQ(message([](auto& o) { o.shape[2] = index_t{1} << 31; }), "shape[2] is 2147483648, expected 1 to 2^31 - 1");
  EXPECT_EQ(message([](auto& o) { o.shape.assign(3, (index_t{1} << 31) - 1); }),
            "the sizes of shape multiply to more than 2^63 - 1");
  EXPECT_EQ(message([](auto& o) { o.entries = 0; }), "entries is 0, expected 1 to the product of the sizes, 1000000");
  EXPECT_EQ(message([](auto& o) { o.entries = 1000001; }),
            "entries is 1000001, expected 1 to the product of the sizes, 1000000");
  EXPECT_EQ(message([](auto& o) { o.rank = 0; }), "rank is 0, expected at least 1");
  EXPECT_EQ(message([](auto& o) { o.mean = std::nan(""); }), "mean is nan, expected a finite number");
  EXPECT_EQ(message([](auto& o) { o.spread = -1; }), "spread is -1, expected a finite number >= 0");
  EXPECT_EQ(message([](auto& o) { o.noise = -1; }), "noise is -1, expected a finite number >= 0");
  EXPECT_EQ(message([](auto& o) { o.exponents = {1}; }),
            "exponents has 1 numbers, expected 3, one for each mode, or none");
  EXPECT_EQ(message([](auto& o) { o.exponents[1] = 10.5; }), "exponents[1] is 10.5, expected 0 to 10");
  EXPECT_EQ(message([](auto&) {}, -1), "threads is -1, expected 0 (all) or more");
  // Of the power law's places all but a few are never drawn.
  const std::string unlikely = message([](auto& o) { o.exponents = {10, 10, 10}; });
  EXPECT_EQ(unlikely.substr(0, 30), "entries is 5000, but of 390000");
  EXPECT_NE(unlikely.find(" places drawn with these exponents only "), std::string::npos);
}

}  // namespace
}  // namespace seesaw::test
