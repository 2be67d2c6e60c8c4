#pragma once
#include "entries.hpp"
#include "seesaw/io/ids.hpp"

namespace seesaw::io {

/// The table of a column's ids; `column.index` is overwritten with indices in it. Not for IdKind::stated. Throws
/// ParseError where there are too many `what` in the file at `path`.
Ids make_ids(const std::string& path, const char* what, IdColumn& column, const std::vector<Chunk>& chunks,
             int threads);

/// For each id of `from` its index in `to`, or -1.
std::vector<column_t> translation(const Ids& from, const Ids& to, int threads);

/// index = table[index] for every entry.
void translate(Buffer<column_t>& index, const std::vector<column_t>& table, int threads);

/// Throws ParseError where there are more ids than an index can number.
void check_id_count(const std::string& where, const char* what, std::int64_t count);

}  // namespace seesaw::io
