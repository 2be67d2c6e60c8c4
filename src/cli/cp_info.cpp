#include <fmt/format.h>

#include <cmath>
#include <memory>

#include "arguments.hpp"
#include "cp.hpp"
#include "output.hpp"
#include "seesaw/io/model.hpp"
#include "seesaw/memory.hpp"
#include "seesaw/version.hpp"

namespace seesaw::cli {
namespace {

struct CpInfoOptions {
  std::string file;
  offset_t entries = 0;
  CpSize size;
  std::string of_tensor;  ///< an option given that only a tensor heeds; empty: none
  std::string of_file;    ///< an option given that only a tensor's file heeds; empty: none
  Precision precision = Precision::twice;
  TensorOptions format;
  bool json = false;
};

template <class T>
double norm_of_any(const AnyTensor<T>& tensor) {
  const auto* const sparse = std::get_if<TensorEntries<T>>(&tensor);
  return sparse != nullptr ? norm_of(sparse->tensor.values) : norm_of(std::get<DenseTensor<T>>(tensor).values);
}

// ---- a tensor, of a file or only its sizes

Json memory_json(const CpInfoOptions& options, const TensorFacts& facts) {
  if (options.size.sorted_copies && !facts.sparse)
    throw UsageError("--sorted-copies is for sparse tensors, this one is dense");
  if (options.size.start == CpStart::nvecs && options.size.starts > 1)
    throw UsageError("--start nvecs is the same for every seed, --starts needs another");
  CpSize size = size_of(facts, options.size);
  size.element_bytes = options.precision == Precision::single ? sizeof(float) : sizeof(double);
  return {{"rank", size.rank},
          {"starts", size.starts},
          {"start", word_for(size.start)},
          {"sorted_copies", size.sorted_copies},
          {"precision", options.precision == Precision::single ? "float" : "double"},
          {"tensor_bytes", tensor_bytes(facts, size.element_bytes)},
          {"fit_bytes", cp_als_memory(size)},
          {"available_bytes", Context::cpu().memory()->available()}};
}

std::string memory_text(const Json& memory) {
  const std::int64_t tensor = memory["tensor_bytes"], fit = memory["fit_bytes"], free = memory["available_bytes"];
  const bool fits = static_cast<double>(tensor) + static_cast<double>(fit) <= static_cast<double>(free);
  return fmt::format(
      "memory     {} for the tensor, {} more to fit it at rank {} with {} in {}: {} into {} that are free\n",
      bytes_text(tensor), bytes_text(fit), memory["rank"].get<index_t>(), counted(memory["starts"].get<int>(), "start"),
      memory["precision"].get<std::string>(), fits ? "fits" : "does not fit", bytes_text(free));
}

Json file_json(const CpInfoOptions& options) {
  return with_precision(options.precision, [&](auto number) {
    using T = decltype(number);
    const AnyTensor<T> tensor = read_tensor<T>(options.file, options.format);
    const TensorFacts facts = facts_of<T>(options.file, tensor);
    Json document = json_of(facts);
    document["norm"] = norm_of_any(tensor);
    if (facts.sparse) document["density"] = static_cast<double>(facts.entries) / places_of(facts);
    return Json{{"text", facts_text(facts)}, {"tensor", document}, {"memory", memory_json(options, facts)}};
  });
}

Json problem_json(const CpInfoOptions& options) {
  TensorFacts facts;
  facts.order = static_cast<int>(options.format.shape.size());
  if (facts.order < 2 || facts.order > kMaxOrder)
    throw UsageError(fmt::format("--shape has {}, expected 2 to {}", counted(facts.order, "size"), kMaxOrder));
  std::copy(options.format.shape.begin(), options.format.shape.end(), facts.shape.begin());
  facts.sparse = options.entries > 0;
  const double places = places_of(facts);
  if (static_cast<double>(options.entries) > places)
    throw UsageError(fmt::format("--entries is {}, but {} has {} places", options.entries,
                                 shape_text(options.format.shape), places));
  if (!facts.sparse && places > 0x1p60)
    throw UsageError(fmt::format("a dense tensor of {} fits no memory; --entries makes it a sparse one",
                                 shape_text(options.format.shape)));
  facts.entries = facts.sparse ? options.entries : static_cast<offset_t>(places);
  Json tensor = json_of(facts);
  for (const char* const of_file : {"path", "empty_slices", "first_index", "merged"}) tensor.erase(of_file);
  if (facts.sparse) tensor["density"] = static_cast<double>(facts.entries) / places;
  return {{"text", facts_text(facts)}, {"tensor", tensor}, {"memory", memory_json(options, facts)}};
}

std::string tensor_text(const CpInfoOptions& options, const Json& document) {
  std::string text = fmt::format("tensor     {}{}", options.file.empty() ? "" : options.file + ": ",
                                 document["text"].get<std::string>());
  const Json& tensor = document["tensor"];
  if (tensor.contains("density"))
    text += fmt::format("; {:.3g} % of the places", 100 * tensor["density"].get<double>());
  if (tensor.contains("first_index")) text += fmt::format(", indices from {}", tensor["first_index"].get<index_t>());
  if (tensor.contains("norm")) text += fmt::format("\nnorm       {:.10g}", tensor["norm"].get<double>());
  return text + "\n" + memory_text(document["memory"]);
}

// ---- a model

template <class T>
Json model_json(const std::string& path, const CpModel<T>& model) {
  const CpModelInfo head = cp_model_info(path);
  Json document = {{"path", path},
                   {"schema_version", head.schema_version},
                   {"written_by", head.written_by},
                   {"precision", head.precision},
                   {"shape", head.shape},
                   {"rank", head.rank},
                   {"known_only", model.completion && !model.completion->options.implicit}};
  if (model.completion) {
    document.update(completed_json(model));
    return document;
  }
  Json runs = Json::array();
  for (const CpRun& run : model.runs) runs.push_back(json_of(run));
  document.update({{"fit", model.fit},
                   {"weights", model.weights},
                   {"options", json_of(model.options, static_cast<int>(head.shape.size()))},
                   {"diagnostics", json_of(model.diagnostics)},
                   {"runs", runs},
                   {"best_run", model.best_run}});
  return document;
}

template <class T>
std::string model_text(const std::string& path, const CpModel<T>& model) {
  const CpModelInfo head = cp_model_info(path);
  std::string text =
      fmt::format("model      {}: {}, rank {}, {}, fit {:.6f}, written by seesaw {} (schema {})\n", path,
                  shape_text(head.shape), head.rank, head.precision, model.fit, head.written_by, head.schema_version);
  if (model.completion)
    return text +
           fmt::format("completed  from {} by {}, seed {}\n",
                       model.completion->options.implicit ? "implicit feedback" : "known entries",
                       model.completion->solver, model.completion->options.seed) +
           completed_text(model);
  text += fmt::format("weights    {:.6g}\n", fmt::join(model.weights, ", "));
  for (std::size_t n = 0; n < head.shape.size(); ++n) {
    const CpMode& mode = model.options.modes[n];
    if (mode.ridge > 0 || mode.nonnegative || mode.fixed)
      text += fmt::format("mode {}     ridge {}{}{}\n", n + 1, mode.ridge, mode.nonnegative ? ", nonnegative" : "",
                          mode.fixed ? ", fixed" : "");
  }
  if (model.runs.empty()) return text;
  const CpRun& best = model.runs[static_cast<std::size_t>(model.best_run)];
  text += fmt::format("fitted     {}, seed {}; ended: {}\n", counted(std::ssize(best.history), "sweep"), best.seed,
                      ending_text(best, model.options.stopping));
  return text + diagnostics_text(model.diagnostics, best) + starts_text(model.runs, model.best_run);
}

// ---- the command

void check(const CpInfoOptions& options) {
  if (options.file.empty()) {
    if (options.format.shape.empty()) throw UsageError("neither a file nor the --shape of a tensor is given");
    if (!options.of_file.empty()) throw UsageError(options.of_file + " is of a file, but none is given");
    return;
  }
  if (options.entries > 0) throw UsageError("--entries is of a tensor without a file");
  require_readable(options.file);
  if (is_hdf5(options.file) && !options.of_tensor.empty())
    throw UsageError(fmt::format("{} is of a tensor, but {} is a model", options.of_tensor, options.file));
}

void info(const CpInfoOptions& options) {
  check(options);
  Json document = {{"command", "cp info"}, {"version", kVersion}};
  std::string text;
  if (!options.file.empty() && is_hdf5(options.file)) {
    const CpModel<double> model = load_cp_model<double>(options.file);
    document["model"] = model_json(options.file, model);
    text = model_text(options.file, model);
  } else {
    const Json found = options.file.empty() ? problem_json(options) : file_json(options);
    document["tensor"] = found["tensor"];
    document["memory"] = found["memory"];
    text = tensor_text(options, found);
  }
  Output output;
  output.write(options.json ? to_text(document) : text);
  output.finish();
}

}  // namespace

void add_cp_info(CLI::App& cp) {
  const auto options = std::make_shared<CpInfoOptions>();
  CLI::App& command = *cp.add_subcommand("info", "What a tensor or a model holds, and the memory that a fit takes");
  command.add_option("FILE", options->file, "A tensor or a model; none: a tensor of --shape");
  const std::string group = "Fit";
  command.add_option("--rank,-k", options->size.rank, "Whose memory is told")
      ->type_name("K")
      ->check(between(1, kMostRank))
      ->capture_default_str()
      ->group(group);
  command.add_option("--starts", options->size.starts, "Side by side")
      ->type_name("N")
      ->check(between(1, 10000))
      ->capture_default_str()
      ->group(group);
  add_start(command, options->size.start, "Of which nvecs takes memory of its own")->group(group);
  command.add_flag("--sorted-copies", options->size.sorted_copies, "As in cp fit; cuda always keeps them")
      ->group(group);
  command.add_option("--entries", options->entries, "Of a sparse tensor of --shape; none: a dense one")
      ->type_name("N")
      ->check(between(1, kMostEntries))
      ->group(group);
  add_cp_precision(command, options->precision)->group(group);
  add_threads(command, options->format.threads);
  add_tensor_format(command, options->format);
  add_json(command, options->json);
  command.footer(
      "Examples:\n"
      "  seesaw cp info aminoacids.tns\n"
      "  seesaw cp info model.h5\n"
      "  seesaw cp info --shape 12092,9184,28818 --entries 76879419 --rank 25 --precision float");
  command.callback([options, &command] {
    const auto given = [&](const std::vector<std::string>& names) {
      for (const std::string& name : names)
        if (command.count(name) > 0) return name;
      return std::string();
    };
    const std::vector<std::string> of_file{"--format", "--index-base", "--duplicates"};
    options->of_file = given(of_file);
    options->of_tensor = given({"--rank", "--starts", "--start", "--sorted-copies", "--precision", "--shape"});
    if (options->of_tensor.empty()) options->of_tensor = options->of_file;
    info(*options);
  });
}

}  // namespace seesaw::cli
