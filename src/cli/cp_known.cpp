#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "cp_fit.hpp"
#include "fit.hpp"
#include "output.hpp"
#include "seesaw/random.hpp"

namespace seesaw::cli {
namespace {

template <class T>
SparseTensor<T> part(const SparseTensor<T>& from, const std::vector<bool>& chosen, bool wanted) {
  const auto index_of = [&](std::size_t n, offset_t e) { return from.indices[n].data()[e]; };
  return picked<T>(from.order, from.shape, from.values.data(), index_of, chosen, wanted);
}

/// Moves about `fraction` of the entries out of `tensor` into the result: those for whose place a number drawn from the
/// seed is below `fraction`, except the last one of an index of any mode.
template <class T>
SparseTensor<T> hold_out(SparseTensor<T>& tensor, double fraction, std::uint64_t seed) {
  const std::uint64_t place_seed = random_bits(seed, 0);  // the start draws from the seed itself
  const auto order = static_cast<std::size_t>(tensor.order);
  const offset_t all = tensor.values.size();
  std::vector<std::vector<offset_t>> left(order);
  for (std::size_t n = 0; n < order; ++n) {
    left[n].resize(static_cast<std::size_t>(tensor.shape[n]));
    for (offset_t e = 0; e < all; ++e) ++left[n][static_cast<std::size_t>(tensor.indices[n].data()[e])];
  }
  std::vector<bool> held(static_cast<std::size_t>(all));
  for (offset_t e = 0; e < all; ++e) {
    std::uint64_t place = 0;  // modulo 2^64: a shape may have more places
    bool last = false;
    for (std::size_t n = 0; n < order; ++n) {
      const column_t index = tensor.indices[n].data()[e];
      place = place * static_cast<std::uint64_t>(tensor.shape[n]) + static_cast<std::uint64_t>(index);
      last = last || left[n][static_cast<std::size_t>(index)] == 1;
    }
    if (last || random_uniform(place_seed, place) >= fraction) continue;
    held[static_cast<std::size_t>(e)] = true;
    for (std::size_t n = 0; n < order; ++n) --left[n][static_cast<std::size_t>(tensor.indices[n].data()[e])];
  }
  SparseTensor<T> result = part(tensor, held, true);
  tensor = part(tensor, held, false);
  return result;
}

/// The entries of the file, with indices from where those of the tensor begin; without those beyond its sizes.
template <class T>
SparseTensor<T> validation_of(const CpFitOptions& options, const TensorFacts& facts, offset_t& unknown) {
  TensorOptions format = options.format;
  format.format = TensorFormat::automatic;
  format.shape = {};
  format.base = facts.base == 0 ? IndexBase::zero : IndexBase::one;
  AnyTensor<T> any;
  try {
    any = read_tensor<T>(options.validation, format);
  } catch (const InvalidArgument&) {  // an index base makes no sense there
    throw Error(fmt::format("{} is a dense tensor, expected a sparse one to validate with", options.validation));
  }
  SparseTensor<T>& tensor = std::get<TensorEntries<T>>(any).tensor;
  if (tensor.order != facts.order)
    throw Error(fmt::format("{} has {}, but {} has {}", options.validation, counted(tensor.order, "mode"),
                            options.tensor, facts.order));
  std::vector<bool> inside(static_cast<std::size_t>(tensor.values.size()), true);
  for (std::size_t n = 0; n < static_cast<std::size_t>(tensor.order); ++n)
    for (offset_t e = 0; e < tensor.values.size(); ++e)
      if (tensor.indices[n].data()[e] >= facts.shape[n]) inside[static_cast<std::size_t>(e)] = false;
  SparseTensor<T> known = part(tensor, inside, true);
  known.shape = facts.shape;
  unknown = tensor.values.size() - known.values.size();
  if (known.values.empty())
    throw Error(fmt::format("{}: none of its entries has indices that {} has", options.validation, options.tensor));
  return known;
}

/// complete_tensor() says which entry it cannot take; the user wants to know where it is in the file.
template <class T>
void require_feedback(const CpFitOptions& options, const TensorFacts& facts, const SparseTensor<T>& tensor) {
  for (offset_t e = 0; e < tensor.values.size(); ++e) {
    const std::string fault = fault_of(options.feedback, tensor.values.data()[e]);
    if (fault.empty()) continue;
    std::vector<index_t> place;
    for (std::size_t n = 0; n < static_cast<std::size_t>(tensor.order); ++n)
      place.push_back(tensor.indices[n].data()[e] + facts.base);
    throw Error(fmt::format("{}: the entry at ({}) is {}, {}", options.tensor, fmt::join(place, ", "),
                            tensor.values.data()[e], fault));
  }
}

}  // namespace

template <class T>
KnownEntries<T> read_known(const CpFitOptions& options, Progress& progress) {
  const auto begin = std::chrono::steady_clock::now();
  progress.status("reading " + options.tensor);
  KnownEntries<T> entries;
  AnyTensor<T> any = read_tensor<T>(options.tensor, options.format);
  entries.facts = facts_of<T>(options.tensor, any);
  if (!entries.facts.sparse)
    throw UsageError(fmt::format("{} is of a sparse tensor, whose entries are known; {} is dense: all its elements are",
                                 options.implicit ? "--implicit" : "--known-only", options.tensor));
  entries.known = std::move(std::get<TensorEntries<T>>(any).tensor);
  if (options.implicit) require_feedback(options, entries.facts, entries.known);
  if (!options.validation.empty())
    entries.validation = validation_of<T>(options, entries.facts, entries.validation_unknown);
  if (options.holdout > 0) {
    entries.validation = hold_out(entries.known, options.holdout, options.cp.seed);
    if (entries.validation.values.empty())
      throw Error(fmt::format("--holdout {} of {} {} leaves none to validate with", options.holdout,
                              entries.facts.entries, entries.facts.entries == 1 ? "entry" : "entries"));
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  progress.note(
      fmt::format("{}: {}, read in {}", options.tensor, facts_text(entries.facts), seconds_text(took.count())));
  if (entries.validation.values.size() > 0)
    progress.note(fmt::format("{} entries to validate with", entries.validation.values.size()) +
                  (entries.validation_unknown > 0
                       ? fmt::format("; {} left out, with indices beyond the tensor's", entries.validation_unknown)
                       : ""));
  return entries;
}

template KnownEntries<float> read_known(const CpFitOptions&, Progress&);
template KnownEntries<double> read_known(const CpFitOptions&, Progress&);

}  // namespace seesaw::cli
