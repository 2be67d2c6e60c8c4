#pragma once
#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdio>
#include <exception>
#include <initializer_list>
#include <string>
#include <vector>

#include "data.hpp"
#include "machine.hpp"
#include "seesaw/seesaw.hpp"

namespace seesaw::bench {

/// Times call() and reports GFLOP/s and GB/s and, but for the reference, how much that is of the peaks of the machine
/// or of its device in percent. `bytes`: the fewest that must be moved, each array once.
template <class T, class Call>
void measure(benchmark::State& state, Context& ctx, double operations, double bytes, Call&& call) {
  call();  // allocations and first touches are not the matter here
  ctx.synchronize();
  const auto begin = std::chrono::steady_clock::now();
  for (auto _ : state) {
    call();
    ctx.synchronize();
  }
  const std::chrono::duration<double, std::nano> all = std::chrono::steady_clock::now() - begin;
  const double nanoseconds = all.count() / static_cast<double>(state.iterations());
  const double gflops = operations / nanoseconds, bandwidth = bytes / nanoseconds;
  state.counters["GFLOP/s"] = gflops;
  state.counters["GB/s"] = bandwidth;
  if (ctx.backend() == Backend::reference) return;
  const Peaks& peak = peaks(ctx);
  state.counters["%FMA"] = 100 * gflops / (sizeof(T) == 4 ? peak.gflops_float : peak.gflops_double);
  state.counters["%bandwidth"] = 100 * bandwidth / peak.bandwidth;
}

/// Registers run(T{}, state, ctx, options, k) as "row/backend/type/k:64" for each context and rank.
template <class T, class Run>
void add(const char* row, const Options& options, std::vector<Context>& contexts, std::initializer_list<index_t> ranks,
         Run run) {
  for (Context& ctx : contexts)
    for (const index_t k : ranks) {
      const std::string name = std::string(row) + "/" + to_string(ctx.backend()) +
                               (sizeof(T) == 4 ? "/float" : "/double") + "/k:" + std::to_string(k);
      benchmark::RegisterBenchmark(
          name.c_str(), [&ctx, options, k, run](benchmark::State& state) { run(T{}, state, ctx, options, k); })
          ->UseRealTime()
          ->Unit(benchmark::kMillisecond);
    }
}

/// main() of a bench: reads the arguments (data.hpp), calls add_all(options, contexts) and runs what it registered.
template <class AddAll>
int run_all(int argc, char** argv, AddAll add_all) try {
  benchmark::Initialize(&argc, argv);
  const Options options = parse(argc, argv);
  std::vector<Context> all = contexts(options);
  add_all(options, all);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}

/// run(state, ctx), which tells its times itself, in milliseconds; the backend's name is added.
template <class Run>
void add_timed(const std::string& name, Context& ctx, Run run) {
  benchmark::RegisterBenchmark((name + "/" + to_string(ctx.backend())).c_str(),
                               [&ctx, run](benchmark::State& state) { run(state, ctx); })
      ->UseManualTime()
      ->Unit(benchmark::kMillisecond);
}

}  // namespace seesaw::bench
