#pragma once
#include <benchmark/benchmark.h>

#include <chrono>
#include <string>

#include "machine.hpp"
#include "seesaw/seesaw.hpp"

namespace seesaw::bench {

/// "row/backend/type/k:64".
template <class T>
std::string name(const char* row, const Context& ctx, index_t k) {
  return std::string(row) + "/" + to_string(ctx.backend()) + (sizeof(T) == 4 ? "/float" : "/double") +
         "/k:" + std::to_string(k);
}

/// Times call() and reports GFLOP/s and GB/s and, on the cpu, how much that is of the machine's peaks in percent.
/// `bytes`: the fewest that must be moved, each array once.
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
  if (ctx.backend() != Backend::cpu) return;
  const Peaks& peak = peaks(ctx.threads());
  state.counters["%FMA"] = 100 * gflops / (sizeof(T) == 4 ? peak.gflops_float : peak.gflops_double);
  state.counters["%bandwidth"] = 100 * bandwidth / peak.bandwidth;
}

}  // namespace seesaw::bench
