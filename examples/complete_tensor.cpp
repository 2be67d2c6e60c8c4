// Fluorescence of 12 mixtures of three dyes: each dye has a spectrum of excitation and one of emission, and what a
// detector sees at excitation i, emission j in sample s is the sum over the dyes of their product times the amount.
// That is a tensor of CP rank 3, 30 x 40 x 12. 15 % of it was measured, with noise; tensor completion fills in the
// rest. Draws complete-tensor.png, one sample as it was measured and as it was recovered, and
// complete-tensor-sweeps.svg, the errors against the sweeps.
#include "seesaw/complete_tensor.hpp"

#include <cmath>
#include <cstdio>
#include <limits>
#include <vector>

#include "seesaw/io/figure.hpp"
#include "seesaw/random.hpp"

namespace {

using namespace seesaw;

constexpr index_t kExcitations = 30, kEmissions = 40, kSamples = 12, kDyes = 3;
constexpr double kNoise = 0.02;

double peak(double at, double centre, double width) { return std::exp(-std::pow((at - centre) / width, 2) / 2); }

/// What is there to be seen, without noise.
double truth(index_t i, index_t j, index_t s) {
  constexpr double kExcited[] = {6, 14, 22}, kEmitted[] = {14, 20, 30};
  double sum = 0;
  for (index_t dye = 0; dye < kDyes; ++dye)
    sum += peak(static_cast<double>(i), kExcited[dye], 4) * peak(static_cast<double>(j), kEmitted[dye], 5) *
           random_uniform(/*seed=*/2, static_cast<std::uint64_t>(s * kDyes + dye));
  return sum;
}

/// Entries in host memory.
struct Entries {
  std::vector<column_t> indices[3];
  std::vector<double> values;

  void add(index_t i, index_t j, index_t s, double value) {
    indices[0].push_back(static_cast<column_t>(i));
    indices[1].push_back(static_cast<column_t>(j));
    indices[2].push_back(static_cast<column_t>(s));
    values.push_back(value);
  }
  SparseTensorView<double> view() const {
    SparseTensorView<double> tensor;
    tensor.order = 3;
    tensor.shape = {kExcitations, kEmissions, kSamples};
    tensor.entries = static_cast<offset_t>(values.size());
    for (std::size_t n = 0; n < 3; ++n) tensor.indices[n] = indices[n].data();
    tensor.values = values.data();
    return tensor;
  }
};

/// Sample s as a matrix of rank 3: the model's components, weighted with what the sample has of them.
DecompositionFigure figure_of(const Entries& measured, const TensorCompletionResult<double>& result, index_t s) {
  DecompositionFigure figure;
  figure.title = "Fluorescence from 15 % of its measurements";
  figure.subtitle = "sample " + std::to_string(s + 1) + " of 12";
  figure.row_label = "excitation";
  figure.column_label = "emission";
  figure.value_label = "intensity";
  figure.observed = Matrix<double>(kExcitations, kEmissions);
  for (index_t i = 0; i < kExcitations; ++i)
    for (index_t j = 0; j < kEmissions; ++j) figure.observed(i, j) = std::numeric_limits<double>::quiet_NaN();
  for (std::size_t e = 0; e < measured.values.size(); ++e)
    if (measured.indices[2][e] == s)
      figure.observed(measured.indices[0][e], measured.indices[1][e]) = measured.values[e];
  figure.mean = result.mean;
  figure.x = Matrix<double>(kExcitations, kDyes);
  figure.y = Matrix<double>(kEmissions, kDyes);
  for (index_t r = 0; r < kDyes; ++r) {
    const double amount = result.weights[static_cast<std::size_t>(r)] * result.factors[2](s, r);
    for (index_t i = 0; i < kExcitations; ++i) figure.x(i, r) = result.factors[0](i, r) * amount;
    for (index_t j = 0; j < kEmissions; ++j) figure.y(j, r) = result.factors[1](j, r);
  }
  return figure;
}

}  // namespace

int main() try {
  Entries measured, missing;
  std::uint64_t place = 0;
  for (index_t i = 0; i < kExcitations; ++i)
    for (index_t j = 0; j < kEmissions; ++j)
      for (index_t s = 0; s < kSamples; ++s, ++place) {
        if (random_uniform(/*seed=*/3, place) < 0.15)
          measured.add(i, j, s, truth(i, j, s) + kNoise * random_normal(/*seed=*/4, place));
        else
          missing.add(i, j, s, truth(i, j, s));
      }

  Context ctx = Context::cpu();
  TensorCompletionOptions options;
  options.rank = kDyes;
  options.lambda.fill(1e-4);
  options.centre = false;
  options.restarts = 4;
  options.stopping.sweeps = 200;
  options.stopping.tolerance = 1e-6;
  const auto result = complete_tensor(ctx, {measured.view(), missing.view()}, options);
  const auto& history = result.runs[static_cast<std::size_t>(result.best_run)].history;
  const SweepRecord& last = history.back();
  std::printf("%zu of %zu measured\n", measured.values.size(), measured.values.size() + missing.values.size());
  std::printf("after %d sweeps: RMSE %.4f on them (noise %.4f), %.4f on what was not, of which the noise is no part\n",
              last.sweep, last.train_rmse, kNoise, last.validation_rmse);

  draw("complete-tensor.png", figure_of(measured, result, 4));
  std::puts("drawn: complete-tensor.png");
  draw("complete-tensor-sweeps.svg",
       convergence_figure("Tensor completion: fluorescence of three dyes", {{"", history}}));
  std::puts("drawn: complete-tensor-sweeps.svg");
  return last.validation_rmse < kNoise ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
