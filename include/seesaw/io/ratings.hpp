#pragma once
#include <string>

#include "seesaw/io/ids.hpp"
#include "seesaw/sparse.hpp"

namespace seesaw {

enum class Header { automatic, yes, no };

/// What to do with a second rating of the same user and item: refuse it, or let the place of the first hold the last
/// one, the mean or the sum of all (of the weights likewise).
enum class Duplicates { error, last, mean, sum };

/// How to read a file of ratings. A column is given by its name in the header or by its position, from 1; an empty
/// string means a known name (user, userId, user_id, item, itemId, movieId, rating, score, ...; upper or lower case)
/// where there is a header, and otherwise columns 1, 2 and 3.
struct RatingsOptions {
  std::string separator = {};  ///< a character, "::", or " " for any run of spaces and tabs; empty: found out
  Header header = Header::automatic;
  std::string user = {};
  std::string item = {};
  std::string rating = {};
  std::string weight = {};  ///< empty: no weights
  Duplicates duplicates = Duplicates::error;
  const Ids* rows = nullptr;  ///< the users to read (a model's, say); entries of others are left out. Null: all
  const Ids* cols = nullptr;  ///< the same for items
  int threads = 0;            ///< 0: as many as OpenMP would take
};

/// Ratings in host memory, in the order of the file, no two in one place. Row i is user rows.name(i), column j is item
/// cols.name(j); the shape of `entries` is the number of ids.
template <class T>
struct Ratings {
  SparseTensor<T> entries;
  Ids rows;
  Ids cols;
  offset_t left_out = 0;  ///< entries whose user or item the options' ids lack
  offset_t merged = 0;    ///< ratings that went into an earlier one of the same user and item
};

/// Reads delimited text (CSV, TSV, MovieLens u.data and ratings.dat, RecBole .inter) or Matrix Market (coordinate or
/// array, real or integer; general, or symmetric coordinates), plain or gzip, told apart by content. T is float or
/// double.
///
/// Fields may be quoted ("a, ""b"""), lines may end in CRLF, a byte-order mark and blank lines at the end are passed
/// over; each line has as many fields as the first. Ids are any strings of up to 4096 bytes. The result is the same
/// for any number of threads. A file must not be truncated by others while it is read.
///
/// Throws IoError where the file cannot be read (also a damaged gzip), ParseError ("file:line: what is wrong" and the
/// text of the line, always the first bad one; duplicates are looked for once every line is good) for its contents,
/// InvalidArgument for options that make no sense or
/// name a column that the file lacks, OutOfMemory.
template <class T>
Ratings<T> read_ratings(const std::string& path, const RatingsOptions& options = {});

extern template Ratings<float> read_ratings<float>(const std::string&, const RatingsOptions&);
extern template Ratings<double> read_ratings<double>(const std::string&, const RatingsOptions&);

}  // namespace seesaw
