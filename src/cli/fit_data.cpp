#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <vector>

#include "fit.hpp"
#include "output.hpp"
#include "seesaw/random.hpp"

namespace seesaw::cli {
namespace {

/// An empty matrix of `rows` rows with room for `entries`.
template <class T>
Csr<T> with_room(const Csr<T>& like, offset_t entries) {
  Csr<T> matrix{like.rows,
                like.cols,
                Buffer<offset_t>(like.rows + 1),
                Buffer<column_t>(entries),
                Buffer<T>(entries),
                Buffer<T>(like.weights.empty() ? 0 : entries)};
  matrix.offsets.data()[0] = 0;
  return matrix;
}

/// The entries e of `from` with chosen[e] == wanted.
template <class T>
Csr<T> part(const Csr<T>& from, const std::vector<bool>& chosen, bool wanted, offset_t entries) {
  Csr<T> to = with_room(from, entries);
  offset_t at = 0;
  for (index_t i = 0; i < from.rows; ++i) {
    for (offset_t e = from.offsets.data()[i]; e < from.offsets.data()[i + 1]; ++e) {
      if (chosen[static_cast<std::size_t>(e)] != wanted) continue;
      to.columns.data()[at] = from.columns.data()[e];
      to.values.data()[at] = from.values.data()[e];
      if (!from.weights.empty()) to.weights.data()[at] = from.weights.data()[e];
      ++at;
    }
    to.offsets.data()[i + 1] = at;
  }
  return to;
}

/// Copies the rows of `from`, those of `old_ids`, to where their ids stand in `ids`; returns how many there are.
template <class T>
index_t copy_known(const Ids& ids, const Ids& old_ids, const Matrix<T>& from, Matrix<T>& to) {
  index_t known = 0;
  for (index_t i = 0; i < ids.size(); ++i) {
    const index_t old = ids.integral() ? old_ids.find(ids.integer(i)) : old_ids.find(ids.text(i));
    if (old < 0) continue;
    std::copy_n(from.view().row(old), from.cols(), to.view().row(i));
    ++known;
  }
  return known;
}

/// Factors of the users and items that the model has; the others as the solver draws them.
template <class T>
void warm_start(const FitOptions& options, FitData<T>& data) {
  const Model<T> model = load_model<T>(options.start);
  const index_t k = options.completion.rank;
  const double scale = 1 / std::sqrt(static_cast<double>(k));
  auto host = Context::reference();
  data.y = Matrix<T>(data.cols.size(), k);
  fill_normal(host, options.completion.seed, scale, data.y.view());
  data.start_known = copy_known(data.cols, model.cols, model.y, data.y);
  if (data.start_known == 0)
    throw Error(fmt::format("{}: none of its items occurs in {}", options.start, options.ratings));
  if (options.solver == Solver::als) return;  // it computes x from y
  data.x = Matrix<T>(data.rows.size(), k);
  fill_normal(host, ~options.completion.seed, scale, data.x.view());
  copy_known(data.rows, model.rows, model.x, data.x);
}

template <class T>
void read_validation(const FitOptions& options, Context& host, FitData<T>& data) {
  RatingsOptions format = options.format;
  format.rows = &data.rows;
  format.cols = &data.cols;
  const Ratings<T> ratings = read_ratings<T>(options.validation, format);
  data.validation_unknown = ratings.left_out;
  data.validation = compress(host, ratings.entries.view());
  if (data.validation.view().entries == 0)
    throw Error(fmt::format("{}: none of its ratings is of a user and an item that {} has", options.validation,
                            options.ratings));
}

/// als() says which entry it cannot take; the user wants to know whose it is.
template <class T>
void require_feedback(const FitOptions& options, const Ratings<T>& ratings) {
  const ImplicitFeedback& feedback = *options.completion.implicit;
  const SparseTensorView<T> entries = ratings.entries.view();
  for (offset_t e = 0; e < entries.entries; ++e) {
    const std::string fault = fault_of(feedback, entries.values[e]);
    if (!fault.empty())
      throw Error(fmt::format("{}: the rating of item {} by user {} is {}, {}", options.ratings,
                              ratings.cols.name(entries.indices[1][e]), ratings.rows.name(entries.indices[0][e]),
                              entries.values[e], fault));
  }
}

}  // namespace

template <class T>
std::string fault_of(const ImplicitFeedback& feedback, T value) {
  if (!feedback.confidences && !(value > 0))
    return "expected more than 0 with --implicit: leave out what was not observed";
  const T confidence = confidence_of(feedback, value);
  if (confidence >= static_cast<T>(feedback.unobserved) && std::isfinite(confidence)) return "";
  return fmt::format("a confidence of {}, expected a finite one of at least --unobserved, {}", confidence,
                     feedback.unobserved);
}

template std::string fault_of(const ImplicitFeedback&, float);
template std::string fault_of(const ImplicitFeedback&, double);

template <class T>
Csr<T> hold_out(Csr<T>& matrix, double fraction, std::uint64_t seed) {
  const std::uint64_t place_seed = random_bits(seed, 0);  // the start draws from the seed itself
  const offset_t all = matrix.values.size();
  std::vector<offset_t> left(static_cast<std::size_t>(matrix.cols));
  for (offset_t e = 0; e < all; ++e) ++left[static_cast<std::size_t>(matrix.columns.data()[e])];
  std::vector<bool> held(static_cast<std::size_t>(all));
  offset_t count = 0;
  for (index_t i = 0; i < matrix.rows; ++i) {
    offset_t left_of_row = matrix.offsets.data()[i + 1] - matrix.offsets.data()[i];
    for (offset_t e = matrix.offsets.data()[i]; e < matrix.offsets.data()[i + 1]; ++e) {
      const column_t j = matrix.columns.data()[e];
      offset_t& left_of_column = left[static_cast<std::size_t>(j)];
      const auto place = static_cast<std::uint64_t>(i * matrix.cols + j);
      if (left_of_row == 1 || left_of_column == 1 || random_uniform(place_seed, place) >= fraction) continue;
      held[static_cast<std::size_t>(e)] = true;
      --left_of_row;
      --left_of_column;
      ++count;
    }
  }
  Csr<T> result = part(matrix, held, true, count);
  matrix = part(matrix, held, false, all - count);
  return result;
}

template <class T>
FitData<T> read_fit_data(FitOptions& options, Progress& progress) {
  const auto begin = std::chrono::steady_clock::now();
  progress.status("reading " + options.ratings);
  Context host = Context::cpu(options.backend.threads);
  FitData<T> data;
  {
    Ratings<T> ratings = read_ratings<T>(options.ratings, options.format);
    if (options.completion.implicit) require_feedback(options, ratings);
    data.train = compress(host, ratings.entries.view());
    data.rows = std::move(ratings.rows);
    data.cols = std::move(ratings.cols);
    data.merged = ratings.merged;
  }
  if (!options.validation.empty()) read_validation(options, host, data);
  if (options.holdout > 0) {
    data.validation = hold_out(data.train, options.holdout, options.completion.seed);
    if (data.validation.view().entries == 0)
      throw Error(fmt::format("--holdout {} of {} leaves none to validate with", options.holdout,
                              counted(data.train.view().entries, "rating")));
  }
  if (!options.start.empty()) warm_start(options, data);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  const offset_t held = options.holdout > 0 ? data.validation.view().entries : 0;
  progress.note(fmt::format("{}: {} by {} of {}, read in {}", options.ratings,
                            counted(data.train.view().entries + held, "rating"), counted(data.rows.size(), "user"),
                            counted(data.cols.size(), "item"), seconds_text(took.count())));
  if (data.merged > 0)
    progress.note(fmt::format("besides, {} of a user and item already rated: merged as --duplicates says",
                              counted(data.merged, "rating")));
  if (data.validation.rows > 0)
    progress.note(fmt::format("{} to validate with", counted(data.validation.view().entries, "rating")) +
                  (data.validation_unknown > 0
                       ? fmt::format("; {} left out, of users or items without ratings", data.validation_unknown)
                       : ""));
  if (!options.start.empty())
    progress.note(fmt::format("going on from {}: {} of {} known there", options.start, data.start_known,
                              counted(data.cols.size(), "item")));
  return data;
}

template Csr<float> hold_out(Csr<float>&, double, std::uint64_t);
template Csr<double> hold_out(Csr<double>&, double, std::uint64_t);
template FitData<float> read_fit_data(FitOptions&, Progress&);
template FitData<double> read_fit_data(FitOptions&, Progress&);

}  // namespace seesaw::cli
