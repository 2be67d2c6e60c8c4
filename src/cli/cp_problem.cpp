#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>

#include "arguments.hpp"
#include "cp_fit.hpp"
#include "output.hpp"

namespace seesaw::cli {
namespace {

template <class T>
AnyTensor<T> placed_tensor(const Context& context, AnyTensor<T> tensor) {
  if (context.memory()->on_host()) return tensor;
  if (auto* const dense = std::get_if<DenseTensor<T>>(&tensor)) {
    dense->values = to_context(context, dense->values.data(), dense->values.size());
  } else {
    SparseTensor<T>& sparse = std::get<TensorEntries<T>>(tensor).tensor;
    sparse = placed_entries(context, std::move(sparse));
  }
  return tensor;
}

void require_modes(const char* option, const std::vector<int>& modes, int order) {
  for (const int mode : modes)
    if (mode >= order)
      throw UsageError(fmt::format("{} names mode {}, but the tensor has {} modes", option, mode + 1, order));
}

/// The options of single modes, now that the tensor's order is known.
void set_modes(CpFitOptions& options, int order) {
  require_modes("--nonnegative", options.nonnegative, order);
  require_modes("--fixed", options.fixed, order);
  require_modes("--order", options.cp.order, order);
  require_ridges(options.ridge, order);
  const auto named = [](const std::vector<int>& modes, int mode) {
    return std::find(modes.begin(), modes.end(), mode) != modes.end();
  };
  int solved = 0;
  for (int n = 0; n < order; ++n) {
    CpMode& mode = options.cp.modes[static_cast<std::size_t>(n)];
    if (!options.ridge.empty()) mode.ridge = options.ridge[options.ridge.size() > 1 ? static_cast<std::size_t>(n) : 0];
    mode.nonnegative = options.all_nonnegative || named(options.nonnegative, n);
    mode.fixed = named(options.fixed, n);
    if (!mode.fixed) ++solved;
    if (!options.cp.order.empty() && !mode.fixed && !named(options.cp.order, n))
      throw UsageError(fmt::format("--order lacks mode {}: every mode is solved once unless it is fixed", n + 1));
  }
  if (solved == 0) throw UsageError("--fixed names every mode of the tensor: nothing is left to solve");
}

/// What is seen of the sweeps of all starts, which run side by side: the best of their fits, those that ended among
/// them.
class SweepReporter {
 public:
  SweepReporter(Progress& progress, const CpOptions& options)
      : progress_(progress),
        options_(options),
        fits_(static_cast<std::size_t>(options.starts), -std::numeric_limits<double>::infinity()) {}

  void operator()(int start, const CpSweep& sweep) {
    if (sweep.sweep > sweep_.sweep) begin(sweep);
    ++running_;
    fits_[static_cast<std::size_t>(start)] = sweep.fit;
    sweep_ = sweep;
    progress_.bar(static_cast<double>(sweep.sweep) / options_.stopping.sweeps, text());
  }
  void end() {
    if (sweep_.sweep > noted_) note();
  }

 private:
  void begin(const CpSweep& next) {
    if (is_told(sweep_.sweep)) note();
    sweep_ = next;
    running_ = 0;
  }
  /// Each of the first ten, then every tenth, from 100 on every hundredth.
  static bool is_told(int sweep) { return sweep > 0 && sweep % (sweep <= 10 ? 1 : sweep <= 100 ? 10 : 100) == 0; }
  std::string text() const {
    std::string text = fmt::format("sweep {}/{}: fit {:.6f}, {}", sweep_.sweep, options_.stopping.sweeps,
                                   *std::max_element(fits_.begin(), fits_.end()), seconds_text(sweep_.seconds));
    if (options_.starts > 1) text += fmt::format(", {} of {} starts", running_, options_.starts);
    return text;
  }
  void note() {
    noted_ = sweep_.sweep;
    progress_.line(text());
  }

  Progress& progress_;
  const CpOptions& options_;
  CpSweep sweep_;
  int running_ = 0, noted_ = 0;
  std::vector<double> fits_;  ///< the last of each start
};

}  // namespace

std::string word_for(CpStart start) {
  std::string word = to_string(start);
  std::replace(word.begin(), word.end(), '_', '-');
  return word;
}

std::vector<std::pair<std::string, CpStart>> start_words() {
  std::vector<std::pair<std::string, CpStart>> words;
  for (const CpStart start : all_cp_starts()) words.emplace_back(word_for(start), start);
  return words;
}

CLI::Option* add_start(CLI::App& command, CpStart& start, const std::string& description) {
  return add_choice<CpStart>(command, "--start", start, start_words(), description);
}

std::int64_t bytes_together(std::int64_t one, std::int64_t other) {
  std::int64_t both = 0;
  return __builtin_add_overflow(one, other, &both) ? std::numeric_limits<std::int64_t>::max() : both;
}

CpSize size_of(const TensorFacts& facts, CpSize fit) {
  fit.order = facts.order;
  fit.shape = facts.shape;
  fit.entries = facts.sparse ? facts.entries : 0;
  return fit;
}

std::int64_t fit_bytes(const Context& context, const TensorFacts& facts, CpSize fit) {
  fit.sorted_copies = fit.sorted_copies || context.backend() == Backend::cuda;
  return bytes_together(cp_als_memory(size_of(facts, fit)), tensor_bytes(facts, fit.element_bytes));
}

std::string modes_from_one(std::string message) {
  for (const std::string name : {"mode ", "modes[", "start[", "lambda["})
    for (std::size_t at = message.find(name); at != std::string::npos; at = message.find(name, at)) {
      at += name.size();
      const std::size_t end = std::min(message.find_first_not_of("0123456789", at), message.size());
      if (end == at) continue;
      message.replace(at, end - at, std::to_string(std::stoi(message.substr(at, end - at)) + 1));
    }
  return message;
}

void require_ridges(const std::vector<double>& ridges, int order) {
  if (ridges.size() > 1 && std::ssize(ridges) != order)
    throw UsageError(fmt::format("--ridge has {} numbers, expected 1 or {}, one for each mode", ridges.size(), order));
}

template <class T>
CpProblem<T> read_problem(CpFitOptions& options, index_t most, Progress& progress) {
  const auto begin = std::chrono::steady_clock::now();
  progress.status("reading " + options.tensor);
  options.format.threads = options.backend.threads;
  AnyTensor<T> tensor = read_tensor<T>(options.tensor, options.format);
  const TensorFacts facts = facts_of<T>(options.tensor, tensor);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  progress.note(fmt::format("{}: {}, read in {}", options.tensor, facts_text(facts), seconds_text(took.count())));
  set_modes(options, facts.order);
  if (options.cp.sorted_copies && !facts.sparse)
    throw UsageError("--sorted-copies is for sparse tensors, " + options.tensor + " is dense");
  ChosenBackend chosen = choose_backend(options.backend, [&](const Context& context) {
    return fit_bytes(context, facts,
                     {.rank = most,
                      .starts = options.cp.starts,
                      .element_bytes = sizeof(T),
                      .start = options.cp.start,
                      .sorted_copies = options.cp.sorted_copies});
  });
  progress.note(fmt::format("backend {} ({})", chosen.context.description(), chosen.why));
  tensor = placed_tensor(chosen.context, std::move(tensor));
  return {facts, std::move(chosen), std::move(tensor)};
}

template <class T>
CpResult<T> solve(CpProblem<T>& problem, const CpOptions& options, const FactorViews<T>& start, Progress& progress,
                  const std::function<bool()>& interrupted) {
  SweepReporter report(progress, options);
  CpOptions watched = options;
  watched.callback = [&](int number, const CpSweep& sweep) {
    report(number, sweep);
    return !interrupted();
  };
  CpResult<T> result = decompose(problem.chosen.context, problem.tensor, watched, start);
  report.end();
  return result;
}

template CpProblem<float> read_problem(CpFitOptions&, index_t, Progress&);
template CpProblem<double> read_problem(CpFitOptions&, index_t, Progress&);
template CpResult<float> solve(CpProblem<float>&, const CpOptions&, const FactorViews<float>&, Progress&,
                               const std::function<bool()>&);
template CpResult<double> solve(CpProblem<double>&, const CpOptions&, const FactorViews<double>&, Progress&,
                                const std::function<bool()>&);

}  // namespace seesaw::cli
