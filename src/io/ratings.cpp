#include "seesaw/io/ratings.hpp"

#include <algorithm>
#include <cmath>
#include <new>

#include "duplicates.hpp"
#include "entries.hpp"
#include "file_text.hpp"
#include "id_tables.hpp"
#include "layout.hpp"
#include "lines.hpp"
#include "parallel.hpp"

namespace seesaw {
namespace io {
namespace {

/// Matrix Market lists an array column by column, without indices.
template <class T>
void number_array(const Layout& layout, Entries<T>& entries, int threads) {
  const index_t rows = layout.size[0];
  parallel_for(threads, layout.size[1], [&](index_t j) {
    for (index_t i = 0; i < rows; ++i) {
      entries.ids[0].index.data()[j * rows + i] = static_cast<column_t>(i);
      entries.ids[1].index.data()[j * rows + i] = static_cast<column_t>(j);
    }
  });
}

template <class T>
std::array<Ids, 2> number_entries(const std::string& path, const Layout& layout, Entries<T>& entries, int threads) {
  if (layout.size[0] < 0)
    return {make_ids(path, "users", entries.ids[0], entries.chunks, threads),
            make_ids(path, "items", entries.ids[1], entries.chunks, threads)};
  if (layout.field[kUser] < 0) number_array(layout, entries, threads);
  return {Ids::range(1, layout.size[0]), Ids::range(1, layout.size[1])};
}

template <class T>
struct Place {
  const std::string& path;
  const Layout& layout;
  const Entries<T>& entries;
  const std::array<Ids, 2>& ids;

  index_t line(offset_t entry) const { return layout.first_line + entry; }
  std::string name(offset_t entry) const {
    return "user " + ids[0].name(entries.ids[0].index.data()[entry]) + " and item " +
           ids[1].name(entries.ids[1].index.data()[entry]);
  }
  ParseError error(offset_t entry, const std::string& message) const {
    return line_error(path, line(entry), message, line_text(layout.data, entry + 1));
  }
};

template <class T>
void remove(Entries<T>& entries, const std::vector<offset_t>& gone) {
  if (gone.empty()) return;
  for (IdColumn& column : entries.ids) column.index = without(column.index, gone);
  entries.values = without(entries.values, gone);
  if (!entries.weights.empty()) entries.weights = without(entries.weights, gone);
}

/// How many entries went into others.
template <class T>
offset_t merge_duplicates(const Place<T>& place, Entries<T>& entries, Duplicates policy, int threads) {
  const auto repeats = find_repeats(entries.ids[0].index, entries.ids[1].index, threads);
  if (repeats.empty()) return 0;
  if (policy == Duplicates::error) {
    const auto [first, again] = repeats.front();
    throw place.error(again,
                      place.name(again) + " have a rating already, on line " + std::to_string(place.line(first)));
  }
  merge_repeats(repeats, policy, entries.values.data());
  if (!entries.weights.empty()) merge_repeats(repeats, policy, entries.weights.data());
  std::vector<offset_t> gone;
  for (const Repeat& repeat : repeats) {
    if (!std::isfinite(entries.values.data()[repeat.first]))
      throw place.error(repeat.first, "the ratings of " + place.name(repeat.first) + " exceed the range together");
    gone.push_back(repeat.again);
  }
  remove(entries, gone);
  return static_cast<offset_t>(gone.size());
}

/// How many entries have an id that is not in the given tables.
template <class T>
offset_t leave_out_unknown(const RatingsOptions& options, Entries<T>& entries, std::array<Ids, 2>& ids, int threads) {
  const std::array<const Ids*, 2> given{options.rows, options.cols};
  for (std::size_t side = 0; side < 2; ++side)
    if (given[side] != nullptr) {
      translate(entries.ids[side].index, translation(ids[side], *given[side], threads), threads);
      ids[side] = *given[side];
    }
  std::vector<offset_t> gone;
  for (offset_t e = 0; e < entries.size(); ++e)
    if (entries.ids[0].index.data()[e] < 0 || entries.ids[1].index.data()[e] < 0) gone.push_back(e);
  remove(entries, gone);
  return static_cast<offset_t>(gone.size());
}

/// Behind the entries below the diagonal those above it.
template <class T>
void mirror(Entries<T>& entries) {
  column_t* const rows = entries.ids[0].index.data();
  column_t* const cols = entries.ids[1].index.data();
  std::vector<offset_t> below;
  for (offset_t e = 0; e < entries.size(); ++e)
    if (rows[e] > cols[e]) below.push_back(e);
  const auto with_more = [&](const auto& all, const auto* more) {
    std::remove_cvref_t<decltype(all)> longer(all.size() + static_cast<offset_t>(below.size()));
    auto* to = std::copy(all.data(), all.data() + all.size(), longer.data());
    for (const offset_t e : below) *to++ = more[e];
    return longer;
  };
  auto longer_rows = with_more(entries.ids[0].index, cols);
  auto longer_cols = with_more(entries.ids[1].index, rows);
  entries.values = with_more(entries.values, entries.values.data());
  entries.ids[0].index = std::move(longer_rows);
  entries.ids[1].index = std::move(longer_cols);
}

template <class T>
Ratings<T> read(const std::string& path, const RatingsOptions& options) {
  const int threads = thread_count(options.threads);
  const FileText file(path);
  const std::string_view text = checked_text(path, file.view());
  const Layout layout =
      is_matrix_market(text) ? matrix_market_layout(path, text, options) : delimited_layout(path, text, options);
  Entries<T> entries = parse_entries<T>(path, layout, file, threads);
  std::array<Ids, 2> ids = number_entries(path, layout, entries, threads);
  const Place<T> place{path, layout, entries, ids};
  Ratings<T> ratings;
  ratings.merged = merge_duplicates(place, entries, options.duplicates, threads);
  if (layout.symmetric) mirror(entries);
  if (options.rows != nullptr || options.cols != nullptr)
    ratings.left_out = leave_out_unknown(options, entries, ids, threads);
  ratings.entries.shape = {ids[0].size(), ids[1].size()};
  ratings.entries.indices[0] = std::move(entries.ids[0].index);
  ratings.entries.indices[1] = std::move(entries.ids[1].index);
  ratings.entries.values = std::move(entries.values);
  ratings.entries.weights = std::move(entries.weights);
  ratings.rows = std::move(ids[0]);
  ratings.cols = std::move(ids[1]);
  return ratings;
}

}  // namespace
}  // namespace io

template <class T>
Ratings<T> read_ratings(const std::string& path, const RatingsOptions& options) {
  try {
    return io::read<T>(path, options);
  } catch (const std::bad_alloc&) {
    throw OutOfMemory(path + ": not enough host memory to read it");
  }
}

template Ratings<float> read_ratings<float>(const std::string&, const RatingsOptions&);
template Ratings<double> read_ratings<double>(const std::string&, const RatingsOptions&);

}  // namespace seesaw
