// What a user of the installed library writes: factorize a few ratings, save the model, read it again, predict.
#include <cmath>
#include <cstdio>
#include <seesaw/io/model.hpp>
#include <seesaw/io/ratings.hpp>
#include <seesaw/seesaw.hpp>

int main() {
  const char* ratings_path = "consumer.csv";
  const char* model_path = "consumer.h5";
  if (std::FILE* file = std::fopen(ratings_path, "w")) {  // rank 1: (1, 2, 3) times (1, 2)
    std::fputs("user,item,rating\nann,tea,1\nann,milk,2\nbob,tea,2\nbob,milk,4\ncay,tea,3\n", file);
    std::fclose(file);
  }
  auto ctx = seesaw::Context::cpu(2);
  auto ratings = seesaw::read_ratings<double>(ratings_path);
  const auto csr = seesaw::compress(ctx, ratings.entries.view());
  seesaw::CompletionOptions options;
  options.rank = 1;
  options.lambda_x = options.lambda_y = 0;
  options.centre = false;
  options.restarts = 10;  // without a penalty some starts are slow: the best of several is kept
  options.stopping.sweeps = 200;
  auto result = seesaw::als(ctx, seesaw::CompletionProblem<double>{csr.view()}, options);

  seesaw::Model<double> model;
  model.x = std::move(result.x);
  model.y = std::move(result.y);
  model.rows = std::move(ratings.rows);
  model.cols = std::move(ratings.cols);
  model.mean = result.mean;
  model.options = options;
  model.runs = std::move(result.runs);
  seesaw::save_model(model_path, model);

  const auto read = seesaw::load_model<double>(model_path);
  const double prediction = read.x(read.rows.find("cay"), 0) * read.y(read.cols.find("milk"), 0);
  std::remove(ratings_path);
  std::remove(model_path);
  std::printf("seesaw %s, %s: cay gives milk %.6f, expected 6\n", seesaw::kVersion, ctx.description().c_str(),
              prediction);
  return std::abs(prediction - 6) < 1e-6 ? 0 : 1;
}
