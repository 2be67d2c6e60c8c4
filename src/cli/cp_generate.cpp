#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>

#include "arguments.hpp"
#include "cp.hpp"
#include "output.hpp"
#include "seesaw/planted_tensor.hpp"

namespace seesaw::cli {
namespace {

struct CpGenerateOptions {
  std::string output, truth;
  TensorFormat to = TensorFormat::automatic;
  PlantedTensorOptions planted;  ///< entries = 0: a dense tensor
  std::optional<double> congruence;
  std::string of_sparse;  ///< an option given that only a sparse tensor heeds; empty: none
  Precision precision = Precision::twice;
  int threads = 0;
  bool json = false;
};

/// The planted factors with columns of norm 1, the norms in the weights; a mean other than 0 is a component besides.
CpModel<double> truth_of(const CpGenerateOptions& options, const std::vector<Matrix<double>>& factors, double mean) {
  const index_t planted = factors.front().cols(), rank = planted + (mean != 0 ? 1 : 0);
  CpModel<double> model;
  model.options.rank = rank;
  model.options.seed = options.planted.seed;
  model.weights.assign(static_cast<std::size_t>(rank), 1);
  if (mean != 0) model.weights.back() = mean;
  for (const Matrix<double>& factor : factors) {
    Matrix<double>& unit = model.factors.emplace_back(factor.rows(), rank);
    for (index_t r = 0; r < rank; ++r) {
      double squares = 0;
      const auto element = [&](index_t i) { return r < planted ? factor(i, r) : 1; };
      for (index_t i = 0; i < factor.rows(); ++i) squares += element(i) * element(i);
      const double norm = std::sqrt(squares);
      for (index_t i = 0; i < factor.rows(); ++i) unit(i, r) = norm > 0 ? element(i) / norm : 0;
      model.weights[static_cast<std::size_t>(r)] *= norm;
    }
  }
  return model;
}

double element(const CpModel<double>& model, const std::array<index_t, kMaxOrder>& place) {
  double sum = 0;
  for (index_t r = 0; r < model.options.rank; ++r) {
    double product = model.weights[static_cast<std::size_t>(r)];
    for (std::size_t n = 0; n < model.factors.size(); ++n) product *= model.factors[n](place[n], r);
    sum += product;
  }
  return sum;
}

/// 1 - |T - M| / |T| over the elements that the file has; place(e) is where the element e stands.
template <class T, class Place>
double fit_of(const CpModel<double>& model, const Buffer<T>& values, const Place& place) {
  double squares = 0, residuals = 0;
  for (offset_t e = 0; e < values.size(); ++e) {
    const auto value = static_cast<double>(values.data()[e]), rest = value - element(model, place(e));
    squares += value * value;
    residuals += rest * rest;
  }
  return squares > 0 ? 1 - std::sqrt(residuals / squares) : 0;
}

template <class T>
void generate_dense(const CpGenerateOptions& options) {
  const PlantedTensorOptions& planted = options.planted;
  const PlantedCp<T> made =
      planted_cp<T>({planted.shape, planted.rank, options.congruence, planted.noise, planted.seed}, options.threads);
  write_any(options.output, options.to, made.tensor.view(), options.threads);
  if (options.truth.empty()) return;
  CpModel<double> model = truth_of(options, made.factors, 0);
  model.fit = fit_of(model, made.tensor.values, [&](offset_t e) {
    std::array<index_t, kMaxOrder> place{};
    for (std::size_t n = planted.shape.size(); n-- > 0; e /= planted.shape[n]) place[n] = e % planted.shape[n];
    return place;
  });
  save_cp_model(options.truth, model);
}

template <class T>
void generate_sparse(const CpGenerateOptions& options) {
  const PlantedTensor<T> made = planted_tensor<T>(options.planted, options.threads);
  write_any(options.output, options.to, made.entries.view(), options.threads);
  if (options.truth.empty()) return;
  CpModel<double> model = truth_of(options, made.factors, options.planted.mean);
  model.fit = fit_of(model, made.entries.values, [&](offset_t e) {
    std::array<index_t, kMaxOrder> place{};
    for (std::size_t n = 0; n < options.planted.shape.size(); ++n) place[n] = made.entries.indices[n].data()[e];
    return place;
  });
  save_cp_model(options.truth, model);
}

void check(CpGenerateOptions& options) {
  const PlantedTensorOptions& planted = options.planted;
  const bool sparse = planted.entries > 0;
  if (!sparse && !options.of_sparse.empty())
    throw UsageError(options.of_sparse + " is of a sparse tensor: give --entries");
  if (sparse && options.congruence) throw UsageError("--congruence is of a dense tensor, --entries makes a sparse one");
  options.to = output_format(options.output, options.to);
  if (is_sparse(options.to) != sparse)
    throw UsageError(sparse
                         ? fmt::format("{} is of a dense format, but --entries makes a sparse tensor", options.output)
                         : fmt::format("{} is of a sparse format, which needs --entries", options.output));
  require_writable(options.output, {});
  if (options.truth.empty()) return;
  require_writable(options.truth, {});
  if (options.truth == options.output) throw UsageError("--truth and --output are the same file");
}

std::string report(const CpGenerateOptions& options, double seconds) {
  const PlantedTensorOptions& planted = options.planted;
  const bool sparse = planted.entries > 0;
  if (!options.json)
    return fmt::format(
        "{}: {}, {}, {}rank {}, written in {}\n", options.output, sparse ? "sparse" : "dense",
        shape_text(planted.shape),
        sparse ? fmt::format("{} {}, ", planted.entries, planted.entries == 1 ? "entry" : "entries") : "", planted.rank,
        seconds_text(seconds));
  Json document = {{"command", "cp generate"},
                   {"tensor", options.output},
                   {"truth", options.truth.empty() ? Json(nullptr) : Json(options.truth)},
                   {"kind", sparse ? "sparse" : "dense"},
                   {"shape", planted.shape},
                   {"rank", planted.rank},
                   {"noise", planted.noise},
                   {"seed", planted.seed},
                   {"seconds", seconds}};
  if (sparse) document["entries"] = planted.entries;
  if (options.congruence) document["congruence"] = *options.congruence;
  return to_text(document);
}

void generate(CpGenerateOptions& options) {
  check(options);
  const auto begin = std::chrono::steady_clock::now();
  try {
    with_precision(options.precision, [&](auto number) {
      using T = decltype(number);
      options.planted.entries > 0 ? generate_sparse<T>(options) : generate_dense<T>(options);
    });
  } catch (const InvalidArgument& error) {  // more entries than places, say
    throw UsageError(error.what());
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  Output output;
  output.write(report(options, took.count()));
  output.finish();
}

}  // namespace

void add_cp_generate(CLI::App& cp) {
  const auto options = std::make_shared<CpGenerateOptions>();
  CLI::App& command = *cp.add_subcommand("generate", "Write a tensor of low rank, whose answer is known");
  PlantedTensorOptions& planted = options->planted;
  command.add_option("-o,--output", options->output, "Its name tells the format; gzip where it ends in .gz")
      ->type_name("FILE")
      ->required();
  command.add_option("--shape", planted.shape, "Sizes of the modes")
      ->type_name("N,N,...")
      ->delimiter(',')
      ->check(between(1, kMostRows))
      ->required();
  command.add_option("--rank,-k", planted.rank, "Components")
      ->type_name("K")
      ->check(between(1, kMostRank))
      ->capture_default_str();
  command
      .add_option("--noise", planted.noise,
                  "Dense: norm of the noise over that of the rest. Sparse: its standard deviation")
      ->type_name("X")
      ->check(not_negative())
      ->capture_default_str();
  command
      .add_option_function<double>(
          "--congruence", [options](double value) { options->congruence = value; },
          "Cosine of any two columns of a factor, from 0, below 1; not given: as random columns have it")
      ->type_name("X")
      ->check(not_negative());
  const std::string group = "Sparse tensors";
  command.add_option("--entries", planted.entries, "Known entries, each at another place: a sparse tensor")
      ->type_name("N")
      ->check(between(1, kMostEntries))
      ->group(group);
  const CLI::Option* const of_sparse[] = {
      command.add_option("--mean", planted.mean, "Of the entries")
          ->type_name("X")
          ->check(finite())
          ->capture_default_str()
          ->group(group),
      command.add_option("--spread", planted.spread, "Standard deviation of what the components add to the mean")
          ->type_name("X")
          ->check(not_negative())
          ->capture_default_str()
          ->group(group),
      command
          .add_option("--exponents", planted.exponents,
                      "For each mode: its p-th most frequent index is p^-X times as likely as the first")
          ->type_name("X,X,...")
          ->delimiter(',')
          ->check(not_negative())
          ->group(group)};
  add_seed(command, planted.seed, "The same seed gives the same file");
  command.add_option("--truth", options->truth, "Save the planted factors as a model")->type_name("MODEL");
  add_output_format(command, options->to);
  add_cp_precision(command, options->precision)->description("Numbers to write");
  add_threads(command, options->threads);
  add_json(command, options->json);
  command.footer(
      "Of a sparse tensor the entries alone follow the planted components; cp fit takes the other places for 0, so "
      "that\n"
      "its answer is another one.\n\n"
      "Examples:\n"
      "  seesaw cp generate -o dense.npy --shape 30,30,30 --rank 20 --noise 1e-5 --seed 999 --truth truth.h5\n"
      "  seesaw cp generate -o uber.tns.gz --shape 183,24,1140,1717 --entries 3309490 --rank 25 --exponents 0,0,1,1");
  command.callback([=] {
    for (const CLI::Option* option : of_sparse)
      if (option->count() > 0) options->of_sparse = option->get_name();
    generate(*options);
  });
}

}  // namespace seesaw::cli
