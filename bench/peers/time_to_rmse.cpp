// time_to_rmse RATINGS als|sgd RANK LAMBDA THREADS SWEEPS [STEP DECAY TRAIN HELD_OUT]: one fit for time_to_rmse.py,
// which says what is measured. Every tenth rating of the file is held out. Prints "begin" when the ratings are read,
// and after each sweep its number, the RMSE over the entries and that over those held out; ends where both are at most
// TRAIN and HELD_OUT.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <limits>
#include <string>

#include "seesaw/io/ratings.hpp"
#include "seesaw/seesaw.hpp"

namespace {

using namespace seesaw;

constexpr offset_t kTenth = 10;

/// The entries whose number is 9 modulo 10, or the others.
Csr<float> part_of(Context& ctx, const SparseTensor<float>& all, bool held_out) {
  const offset_t held = all.values.size() / kTenth, entries = held_out ? held : all.values.size() - held;
  SparseTensor<float> part;
  part.shape = all.shape;
  part.indices[0] = Buffer<column_t>(entries);
  part.indices[1] = Buffer<column_t>(entries);
  part.values = Buffer<float>(entries);
  offset_t to = 0;
  for (offset_t e = 0; e < all.values.size(); ++e) {
    if ((e % kTenth == kTenth - 1) != held_out) continue;
    part.indices[0].data()[to] = all.indices[0].data()[e];
    part.indices[1].data()[to] = all.indices[1].data()[e];
    part.values.data()[to++] = all.values.data()[e];
  }
  return compress(ctx, part.view());
}

}  // namespace

int main(int argc, char** argv) try {
  const std::string solver = argc > 2 ? argv[2] : "";
  if ((argc != 7 && argc != 11) || (solver != "als" && solver != "sgd")) {
    std::fprintf(stderr,
                 "usage: time_to_rmse RATINGS als|sgd RANK LAMBDA THREADS SWEEPS [STEP DECAY TRAIN HELD_OUT]\n");
    return 2;
  }
  CompletionOptions options;
  options.rank = std::atoll(argv[3]);
  options.lambda_x = options.lambda_y = std::atof(argv[4]);
  options.centre = false;
  options.stopping.sweeps = std::atoi(argv[6]);
  SgdOptions own;
  double train = 0, held_out = 0;
  if (argc == 11) {
    own.step = std::atof(argv[7]);
    own.decay = std::atof(argv[8]);
    train = std::atof(argv[9]);
    held_out = std::atof(argv[10]);
  }
  options.callback = [&](int, const SweepRecord& record) {
    std::printf("%d %.9g %.9g\n", record.sweep, record.train_rmse, record.validation_rmse);
    std::fflush(stdout);
    return record.train_rmse > train || record.validation_rmse > held_out;
  };

  Context ctx = Context::cpu(std::atoi(argv[5]));
  Csr<float> ratings, validation;
  {
    const auto all = read_ratings<float>(argv[1], {.threads = ctx.threads()});
    ratings = part_of(ctx, all.entries, false);
    validation = part_of(ctx, all.entries, true);
  }
  std::printf("begin\n");
  std::fflush(stdout);
  const CompletionProblem<float> problem{ratings.view(), validation.view()};
  solver == "als" ? als(ctx, problem, options) : sgd(ctx, problem, options, own);
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
