// Reading and writing of files of ratings and of tensors, in MB/s of text. SEESAW_BENCH_LINES says how many lines
// (20 million by default); the files lie in the folder for temporary files and are removed at the end.
#include <benchmark/benchmark.h>

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "seesaw/io/ratings.hpp"
#include "seesaw/io/ratings_writer.hpp"
#include "seesaw/io/tensor.hpp"
#include "seesaw/planted_tensor.hpp"

namespace {

using seesaw::Ids;
using seesaw::index_t;
using seesaw::Ratings;

constexpr index_t kUsers = 138'493, kItems = 131'262;  // about MovieLens 20M

index_t line_count() {
  const char* const stated = std::getenv("SEESAW_BENCH_LINES");
  return stated != nullptr ? std::atoll(stated) : 20'000'000;
}

/// Distinct pairs in no order: entry e is the place number e * kStep modulo their number, which kStep is coprime to.
Ratings<float> scattered_ratings(index_t lines) {
  constexpr index_t kStep = 11'235'813'077;
  Ratings<float> ratings;
  ratings.rows = Ids::range(1, kUsers);
  ratings.cols = Ids::range(1, kItems);
  ratings.entries.shape = {kUsers, kItems};
  for (auto* index : {&ratings.entries.indices[0], &ratings.entries.indices[1]})
    *index = seesaw::Buffer<seesaw::column_t>(lines);
  ratings.entries.values = seesaw::Buffer<float>(lines);
  index_t place = 0;
  for (index_t e = 0; e < lines; ++e, place = (place + kStep) % (kUsers * kItems)) {
    ratings.entries.indices[0].data()[e] = static_cast<seesaw::column_t>(place % kUsers);
    ratings.entries.indices[1].data()[e] = static_cast<seesaw::column_t>(place / kUsers);
    ratings.entries.values.data()[e] = 0.5F * static_cast<float>(1 + place % 10);
  }
  return ratings;
}

/// The file of MovieLens: userId,movieId,rating,timestamp.
void write_movielens(const std::string& path, const Ratings<float>& ratings) {
  constexpr std::size_t kLongestLine = 64, kTogether = 1 << 20;
  constexpr index_t kFirstSecond = 1'000'000'000, kSeconds = 500'000'000;
  std::ofstream out(path, std::ios::binary);
  std::string text = "userId,movieId,rating,timestamp\n";
  const auto append = [&text](index_t number, char behind) {
    char digits[kLongestLine];
    text.append(digits, std::to_chars(digits, digits + kLongestLine, number).ptr) += behind;
  };
  for (index_t e = 0; e < ratings.entries.values.size(); ++e) {
    append(ratings.rows.integer(ratings.entries.indices[0].data()[e]), ',');
    append(ratings.cols.integer(ratings.entries.indices[1].data()[e]), ',');
    const auto halves = static_cast<index_t>(2 * ratings.entries.values.data()[e]);
    append(halves / 2, '.');
    append(halves % 2 * 5, ',');
    append(kFirstSecond + e * 7919 % kSeconds, '\n');
    if (text.size() > kTogether) {
      out << text;
      text.clear();
    }
  }
  out << text;
}

/// Of order 4, in no order, its values in full precision.
seesaw::SparseTensor<double> scattered_tensor(index_t entries) {
  constexpr std::uint64_t kStep = 11'235'813'077;
  seesaw::PlantedTensorOptions options;
  options.shape = {2'000'000, 200'000, 20'000, 1000};
  options.entries = entries;
  options.rank = 1;
  auto tensor = seesaw::planted_tensor<double>(options).entries;
  for (index_t e = entries - 1; e > 0; --e) {
    const auto other = static_cast<index_t>(static_cast<std::uint64_t>(e) * kStep % static_cast<std::uint64_t>(e + 1));
    for (std::size_t n = 0; n < 4; ++n) std::swap(tensor.indices[n].data()[e], tensor.indices[n].data()[other]);
    std::swap(tensor.values.data()[e], tensor.values.data()[other]);
  }
  return tensor;
}

class Folder {
 public:
  Folder() : path_(std::filesystem::temp_directory_path() / "seesaw-ratings-bench") {
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string file(const char* name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

void set_speed(benchmark::State& state, std::uintmax_t bytes) {
  state.counters["MB/s"] =
      benchmark::Counter(static_cast<double>(bytes) * 1e-6, benchmark::Counter::kIsIterationInvariantRate);
}

template <class Work>
void register_case(const std::string& name, int threads, const Work& work) {
  benchmark::RegisterBenchmark((name + "/threads:" + std::to_string(threads)).c_str(), work)
      ->MeasureProcessCPUTime()
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  const Folder folder;
  const Ratings<float> ratings = scattered_ratings(line_count());
  const std::string file = folder.file("ratings.csv"), tensor_file = folder.file("tensor.tns");
  write_movielens(file, ratings);
  const auto tensor = scattered_tensor(line_count());
  seesaw::write_tns(tensor_file, tensor.view());
  for (const int threads : {1, 2}) {
    register_case("read_ratings", threads, [&file, threads](benchmark::State& state) {
      for (auto _ : state) benchmark::DoNotOptimize(seesaw::read_ratings<float>(file, {.threads = threads}));
      set_speed(state, std::filesystem::file_size(file));
    });
    register_case("write_ratings", threads, [&folder, &ratings, threads](benchmark::State& state) {
      const std::string copy = folder.file("copy.csv");
      for (auto _ : state) seesaw::write_ratings(copy, ratings, threads);
      set_speed(state, std::filesystem::file_size(copy));
    });
    register_case("read_tensor", threads, [&tensor_file, threads](benchmark::State& state) {
      for (auto _ : state)
        benchmark::DoNotOptimize(seesaw::read_sparse_tensor<double>(tensor_file, {.threads = threads}));
      set_speed(state, std::filesystem::file_size(tensor_file));
    });
    register_case("write_tensor", threads, [&folder, &tensor, threads](benchmark::State& state) {
      const std::string copy = folder.file("copy.tns");
      for (auto _ : state) seesaw::write_tns(copy, tensor.view(), threads);
      set_speed(state, std::filesystem::file_size(copy));
    });
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
