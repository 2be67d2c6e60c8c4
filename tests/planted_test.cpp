#include "seesaw/planted.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "seesaw/errors.hpp"

namespace seesaw {
namespace {

PlantedOptions small() {
  PlantedOptions options;
  options.rows = 100;
  options.cols = 40;
  options.entries = 1500;
  options.rank = 3;
  options.mean = 2;
  options.row_exponent = 0.8;
  options.col_exponent = 1;
  options.seed = 11;
  return options;
}

TEST(Planted, EntriesAreDistinctAscendingAndFollowTheFormula) {
  const PlantedOptions options = small();
  const Planted planted(options);
  const auto entries = planted.entries<double>(0, options.rows);
  ASSERT_EQ(entries.values.size(), options.entries);
  std::pair<column_t, column_t> before{-1, 0};
  for (offset_t e = 0; e < options.entries; ++e) {
    const std::pair place{entries.indices[0].data()[e], entries.indices[1].data()[e]};
    EXPECT_LT(before, place);
    EXPECT_LT(place.second, options.cols);
    double value = options.mean;
    for (index_t f = 0; f < 3; ++f) value += planted.x()(place.first, f) * planted.y()(place.second, f);
    // Three products and sums; a compiler may fuse them.
    EXPECT_NEAR(entries.values.data()[e], value, 8 * std::numeric_limits<double>::epsilon() * (2 + std::abs(value)));
    before = place;
  }
}

TEST(Planted, RowLengthsAreThePowerLawAndFillUpToTheNumberOfEntries) {
  PlantedOptions options = small();
  options.rows = 4;
  options.cols = 6;
  options.row_exponent = 1;
  // c / p cut to 6 columns comes to 12 at c = 6 (6 + 3 + 2 + 1.5 rounded down); 13 is one more for the second.
  for (const auto& [total, expected] : {std::pair<offset_t, std::vector<offset_t>>{12, {1, 2, 3, 6}},
                                        std::pair<offset_t, std::vector<offset_t>>{24, {6, 6, 6, 6}},
                                        std::pair<offset_t, std::vector<offset_t>>{2, {0, 0, 0, 2}}}) {
    options.entries = total;
    const Planted planted(options);
    std::vector<offset_t> lengths;
    for (std::size_t i = 0; i < 4; ++i) lengths.push_back(planted.offsets()[i + 1] - planted.offsets()[i]);
    std::sort(lengths.begin(), lengths.end());
    EXPECT_EQ(lengths, expected);
  }
}

TEST(Planted, BlocksAndThreadsDoNotMatter) {
  const Planted planted(small());
  const auto whole = planted.entries<double>(0, 100, 1);
  offset_t at = 0;
  for (const auto& [first, last] : {std::pair<index_t, index_t>{0, 1}, {1, 64}, {64, 64}, {64, 100}}) {
    const auto block = planted.entries<double>(first, last, 3);
    for (offset_t e = 0; e < block.values.size(); ++e, ++at) {
      EXPECT_EQ(block.indices[0].data()[e], whole.indices[0].data()[at]);
      EXPECT_EQ(block.indices[1].data()[e], whole.indices[1].data()[at]);
      EXPECT_EQ(block.values.data()[e], whole.values.data()[at]);
    }
  }
  EXPECT_EQ(at, whole.values.size());
}

/// Two columns of weights 1 and 1/4, one entry a row: the frequent one has it in 4 of 5 rows. Rows of one entry are
/// drawn by the table; rows of all but one, by the exponential keys in part, leave the first of three columns out with
/// the probability below.
TEST(Planted, ColumnsAreDrawnByTheirWeights) {
  PlantedOptions options;
  options.rows = 20000;
  options.cols = 2;
  options.entries = options.rows;
  options.rank = 1;
  options.col_exponent = 2;
  options.seed = 3;
  const auto frequent_share = [](const PlantedOptions& o) {
    const auto entries = Planted(o).entries<double>(0, o.rows);
    std::vector<double> counts(static_cast<std::size_t>(o.cols));
    for (offset_t e = 0; e < entries.values.size(); ++e)
      ++counts[static_cast<std::size_t>(entries.indices[1].data()[e])];
    return *std::max_element(counts.begin(), counts.end()) / static_cast<double>(o.rows);
  };
  const double deviations = 5 / std::sqrt(20000.0);  // five of them, for a share's variance is at most 1/4 of 1/rows
  EXPECT_NEAR(frequent_share(options), 0.8, deviations / 2);
  // Weights 1, 1/4, 1/9, of total 49/36. The first is left out where the other two come first, in either order.
  options.cols = 3;
  options.entries = 2 * options.rows;
  const double total = 1 + 1.0 / 4 + 1.0 / 9;
  const double left_out =
      (1.0 / 4 / total) * (1.0 / 9 / (total - 1.0 / 4)) + (1.0 / 9 / total) * (1.0 / 4 / (total - 1.0 / 9));
  EXPECT_NEAR(frequent_share(options), 1 - left_out, deviations / 2);
}

TEST(Planted, SpreadAndNoiseAreStandardDeviations) {
  PlantedOptions options;
  options.rows = options.cols = 300;
  options.entries = 30000;
  options.rank = 50;
  options.spread = 2;
  options.mean = 1;
  const auto clean = Planted(options).entries<double>(0, options.rows);
  options.noise = 0.5;
  const auto noisy = Planted(options).entries<double>(0, options.rows);
  double squares = 0, noise = 0;
  for (offset_t e = 0; e < options.entries; ++e) {
    EXPECT_EQ(clean.indices[1].data()[e], noisy.indices[1].data()[e]);
    squares += std::pow(clean.values.data()[e] - 1, 2);
    noise += std::pow(noisy.values.data()[e] - clean.values.data()[e], 2);
  }
  // The noise: 30000 independent draws, five deviations of their spread. x_i.y_j: 300 * 50 numbers a side, each
  // entering squared, so a relative deviation of the sum of about sqrt(2 * 2 / 15000) besides that of the entries.
  EXPECT_NEAR(std::sqrt(noise / 30000), 0.5, 0.5 * 5 / std::sqrt(2 * 30000.0));
  EXPECT_NEAR(std::sqrt(squares / 30000), 2, 2 * 5 * (std::sqrt(4 / 15000.0) + std::sqrt(2 / 30000.0)) / 2);
}

TEST(Planted, RefusesWhatCannotBe) {
  const auto refused = [](auto change) {
    PlantedOptions options = small();
    change(options);
    EXPECT_THROW(Planted{options}, InvalidArgument);
  };
  refused([](PlantedOptions& o) { o.rows = 0; });
  refused([](PlantedOptions& o) { o.cols = index_t{1} << 31; });
  refused([](PlantedOptions& o) { o.entries = 4001; });
  refused([](PlantedOptions& o) { o.entries = 0; });
  refused([](PlantedOptions& o) { o.rank = 0; });
  refused([](PlantedOptions& o) { o.noise = -1; });
  refused([](PlantedOptions& o) { o.spread = std::numeric_limits<double>::infinity(); });
  refused([](PlantedOptions& o) { o.mean = std::nan(""); });
  refused([](PlantedOptions& o) { o.col_exponent = 10.5; });
  const Planted planted(small());
  EXPECT_THROW(planted.entries<float>(0, 101), InvalidArgument);
  EXPECT_THROW(planted.entries<float>(2, 1), InvalidArgument);
  EXPECT_THROW(planted.entries<float>(0, 1, -1), InvalidArgument);
}

}  // namespace
}  // namespace seesaw
