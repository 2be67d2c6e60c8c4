#include "data.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <string_view>

#include "machine.hpp"
#include "seesaw/planted.hpp"

namespace seesaw::bench {
namespace {

template <class N>
N number(std::string_view argument, std::string_view text) {
  N n{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc{} || end != text.data() + text.size() || n < 0)
    throw InvalidArgument(std::string(argument) + ": expected a number >= 0");
  return n;
}

std::string one_digit(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", value);
  return text;
}

}  // namespace

Options parse(int argc, char** argv) {
  Options options;
  for (int a = 1; a < argc; ++a) {
    const std::string_view argument = argv[a];
    const std::size_t equals = std::min(argument.find('='), argument.size() - 1);
    const std::string_view key = argument.substr(0, equals), value = argument.substr(equals + 1);
    if (key == "--rows")
      options.rows = number<index_t>(argument, value);
    else if (key == "--cols")
      options.cols = number<index_t>(argument, value);
    else if (key == "--entries")
      options.entries = number<offset_t>(argument, value);
    else if (key == "--threads")
      options.threads = number<int>(argument, value);
    else if (argument == "--set=ml-20m")
      options = {138493, 26744, 20'000'263, options.threads};
    else
      throw InvalidArgument("unknown argument " + std::string(argument) +
                            "; expected --rows= --cols= --entries= --threads= --set=ml-20m");
  }
  return options;
}

template <class T>
const Csr<T>& planted(const Options& options) {
  auto ctx = Context::cpu(options.threads);
  static const Csr<T> ratings = [&] {
    const Planted source({.rows = options.rows,
                          .cols = options.cols,
                          .entries = options.entries,
                          .noise = 0.1,
                          .row_exponent = 0.6,
                          .col_exponent = 0.8,
                          .seed = 7});
    return compress(ctx, source.entries<T>(0, options.rows).view());
  }();
  return ratings;
}

template const Csr<float>& planted(const Options&);
template const Csr<double>& planted(const Options&);

std::vector<Context> contexts(const Options& options) {
  std::vector<Context> all{Context::cpu(options.threads)};
  if (cuda_device_count() > 0)
    all.push_back(Context::cuda());
  else
    benchmark::AddCustomContext("cuda", cuda_built() ? "SKIPPED: no device" : "SKIPPED: not built");
  for (Context& ctx : all) {
    const std::string name = to_string(ctx.backend());
    const Peaks& peak = peaks(ctx);
    benchmark::AddCustomContext(name, ctx.description());
    benchmark::AddCustomContext(name + " peak float", one_digit(peak.gflops_float) + " GFLOP/s measured");
    benchmark::AddCustomContext(name + " peak double", one_digit(peak.gflops_double) + " GFLOP/s measured");
    benchmark::AddCustomContext(name + " bandwidth", one_digit(peak.bandwidth) + " GB/s measured");
  }
  return all;
}

}  // namespace seesaw::bench
