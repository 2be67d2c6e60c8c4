// CP figures worked out by independent programs: amino acids fluorescence, 5 x 201 x 61, and small hard tensors.
#include "cp_support.hpp"

namespace seesaw::test {
namespace {

std::filesystem::path amino_file() { return data_file("aminoacid/aminoacid_data_dense.txt"); }

class CpAcceptance : public OnBackendLong {};
class CpAminoAcids : public OnBackendLong {
 protected:
  void SetUp() override {
    OnBackendLong::SetUp();
    if (amino_file().empty()) GTEST_SKIP() << "the tensor of the amino acids is not here";
  }
};

/// The file has the first mode running fastest.
template <class T>
DenseTensor<T> amino_acids() {
  std::ifstream file(amino_file());
  std::string word;
  index_t order = 0, I = 0, J = 0, K = 0;
  file >> word >> order >> I >> J >> K;
  std::vector<double> values(static_cast<std::size_t>(I * J * K));
  for (index_t k = 0; k < K; ++k)
    for (index_t j = 0; j < J; ++j)
      for (index_t i = 0; i < I; ++i) file >> values[static_cast<std::size_t>((i * J + j) * K + k)];
  EXPECT_TRUE(file);
  return tensor_of<T>({I, J, K}, values);
}

/// A_n(i, r) = 1 + (i + shift[r]) mod size
template <class T>
std::vector<Matrix<T>> amino_start(const Context& ctx, index_t rank) {
  constexpr index_t kSizes[] = {5, 201, 61}, kShifts[][3] = {{0, 1, 2}, {0, 49, 89}, {0, 14, 29}};
  std::vector<Matrix<T>> start;
  for (std::size_t n = 0; n < 3; ++n) {
    Matrix<T> factor(kSizes[n], rank);
    for (index_t i = 0; i < kSizes[n]; ++i)
      for (index_t r = 0; r < rank; ++r) factor(i, r) = static_cast<T>(1 + (i + kShifts[n][r]) % kSizes[n]);
    start.push_back(seesaw::to_context(ctx, factor));
  }
  return start;
}

CpOptions amino_options(index_t rank, int sweeps, double fit_change) {
  CpOptions options;
  options.rank = rank;
  options.stopping.sweeps = sweeps;
  options.stopping.fit_change = fit_change;
  return options;
}

template <class T>
CpResult<T> fit_amino(Context& ctx, const CpOptions& options, bool sparse = false) {
  const DenseTensor<T> tensor = amino_acids<T>();
  const auto start = amino_start<T>(ctx, options.rank);
  if (sparse) return cp_als(ctx, sparse_of(ctx, tensor).view(), options, views_of(start));
  return cp_als(ctx, to_context(ctx, tensor).view(), options, views_of(start));
}

TEST_P(CpAminoAcids, SweepBySweep) {
  Context ctx = context();
  const std::pair<std::size_t, double> figures[] = {{1, 0.6852687}, {2, 0.8347812}, {5, 0.8832388}, {10, 0.8872779}};
  const auto exact = fit_amino<double>(ctx, amino_options(3, 10, 0)).runs[0].history;
  const auto of_entries = fit_amino<double>(ctx, amino_options(3, 10, 0), true).runs[0].history;
  const auto rounded = fit_amino<float>(ctx, amino_options(3, 10, 0)).runs[0].history;
  for (const auto& [sweep, fit] : figures) {
    EXPECT_NEAR(exact[sweep - 1].fit, fit, 5e-8) << "after sweep " << sweep;
    EXPECT_NEAR(rounded[sweep - 1].fit, fit, 1e-4) << "float, after sweep " << sweep;
  }
  // Both sum the same products, each in its order: some hundred roundings of the squared norm, over twice the error.
  for (std::size_t n = 0; n < exact.size(); ++n) EXPECT_NEAR(exact[n].fit, of_entries[n].fit, 1e-11);
}

TEST_P(CpAminoAcids, ToTheStop) {
  Context ctx = context();
  const auto result = fit_amino<double>(ctx, amino_options(3, 500, 1e-5));
  EXPECT_EQ(result.runs[0].history.size(), 74u);
  EXPECT_EQ(result.runs[0].stopped, StopReason::tolerance);
  EXPECT_NEAR(result.fit, 0.974895804, 5e-10);
  const double weights[] = {33588.1024, 23381.6020, 21188.3014};
  for (std::size_t r = 0; r < 3; ++r) EXPECT_NEAR(result.weights[r], weights[r], 5e-5);
  const auto sooner = fit_amino<double>(ctx, amino_options(3, 500, 1e-4), true);
  EXPECT_EQ(sooner.runs[0].history.size(), 59u);
  EXPECT_NEAR(sooner.fit, 0.974380819, 5e-10);
}

TEST_P(CpAminoAcids, AtTheOptimum) {
  Context ctx = context();
  const auto best = fit_amino<double>(ctx, amino_options(3, 2000, 1e-14));
  EXPECT_NEAR(best.fit, 0.974951482776, 5e-13 + 1e-8 * 0.025);
  EXPECT_NEAR(2 * best.runs[0].history.back().objective, 1445109.780, 1e-8 * 1445109.780);
  EXPECT_NEAR(best.diagnostics.core_consistency, 99.849, 5e-4);
  EXPECT_FALSE(best.diagnostics.degenerate);
  EXPECT_NEAR(fit_amino<double>(ctx, amino_options(1, 2000, 1e-14)).fit, 0.40325883, 5e-9);
  EXPECT_NEAR(fit_amino<double>(ctx, amino_options(2, 2000, 1e-14)).fit, 0.63631742, 5e-9);
}

TEST_P(CpAminoAcids, WithNonnegativeFactors) {
  Context ctx = context();
  CpOptions options = amino_options(3, 3000, 1e-14);
  for (CpMode& mode : options.modes) mode.nonnegative = true;
  const auto result = fit_amino<double>(ctx, options);
  EXPECT_NEAR(result.fit, 0.974858884, 5e-10);
  for (const auto& factor : result.factors) {
    const auto host = to_host(factor);
    for (index_t e = 0; e < host.buffer().size(); ++e) EXPECT_GE(host.buffer().data()[e], 0);
  }
}

// e1 e1 e2 + e1 e2 e1 + e2 e1 e1 has rank 3, and rank-2 tensors come as near to it as one likes.
TEST_P(CpAcceptance, ATensorWithoutABestApproximationIsNamedDegenerate) {
  Context ctx = context();
  const auto tensor = to_context(ctx, tensor_of<double>({2, 2, 2}, {0, 1, 1, 0, 1, 0, 0, 0}));
  CpOptions options;
  options.rank = 2;
  options.seed = 2;
  options.stopping = {.sweeps = 20, .fit_change = 0};
  const auto soon = cp_als(ctx, tensor.view(), options);
  options.stopping.sweeps = 200;
  const auto later = cp_als(ctx, tensor.view(), options);
  EXPECT_TRUE(later.diagnostics.degenerate);
  EXPECT_LT(later.diagnostics.cosine, soon.diagnostics.cosine - 0.005);
  EXPECT_GT(later.weights[1], soon.weights[1] + 0.2);
  EXPECT_GT(later.fit, soon.fit);
  for (CpMode& mode : options.modes) mode.ridge = 0.1;
  const auto bounded = cp_als(ctx, tensor.view(), options);
  EXPECT_FALSE(bounded.diagnostics.degenerate);
  EXPECT_LT(bounded.weights[0], 2);
}

// dim 30, rank 20, mu = 1e-5: the fit is 1 - 0.97 mu.
TEST_P(CpAcceptance, ARandomTensorOfRankTwentyIsFound) {
  Context ctx = context();
  constexpr index_t kSize = 30, kRank = 20;
  std::vector<Matrix<double>> factors;
  for (std::uint64_t n = 0; n < 3; ++n) {
    factors.push_back(random_matrix<double>(kSize, kRank, 999 + n));
    for (index_t r = 0; r < kRank; ++r) {
      double squared = 0;
      for (index_t i = 0; i < kSize; ++i) squared += factors[n](i, r) * factors[n](i, r);
      for (index_t i = 0; i < kSize; ++i) factors[n](i, r) /= std::sqrt(squared);
    }
  }
  DenseTensor<double> tensor = model_of(factors, std::vector<double>(kRank, 1));
  DenseTensor<double> noise = tensor_of<double>({kSize, kSize, kSize}, std::vector<double>(kSize * kSize * kSize));
  for (index_t e = 0; e < noise.values.size(); ++e)
    noise.values.data()[e] = random_normal(5, static_cast<std::uint64_t>(e));
  const double share = 1e-5 * norm_of(tensor) / norm_of(noise);
  for (index_t e = 0; e < noise.values.size(); ++e) tensor.values.data()[e] += share * noise.values.data()[e];
  CpOptions options;
  options.rank = kRank;
  options.seed = 7;
  options.stopping = {.sweeps = 500, .fit_change = 0, .relative_error = 0.98e-5};
  const auto result = cp_als(ctx, to_context(ctx, tensor).view(), options);
  EXPECT_NEAR(result.fit, 0.99999033, 1e-7);
}

INSTANTIATE_TEST_SUITE_P(Backends, CpAminoAcids, all_backends(), backend_name);
INSTANTIATE_TEST_SUITE_P(Backends, CpAcceptance, all_backends(), backend_name);

}  // namespace
}  // namespace seesaw::test
