#pragma once
#include <array>
#include <deque>
#include <string>
#include <vector>

#include "chunks.hpp"
#include "interner.hpp"
#include "layout.hpp"
#include "seesaw/matrix.hpp"

namespace seesaw::io {

/// What the ids of a column were read as. `stated`: indices of Matrix Market. Then, each for what the one before it
/// cannot hold: integers from 0 to 2^31 - 1, integers, strings.
enum class IdKind { stated, small, wide, text };

/// The distinct ids of one column in one chunk.
struct ChunkIds {
  Interner<std::int64_t> wide;
  Interner<std::string_view> text;
  std::deque<std::string> unescaped;  ///< texts that do not stand in the file as they are
};

/// One column of ids. An entry's `index` is the index itself (stated), the id (small), or the position among the keys
/// of its chunk (wide, text).
struct IdColumn {
  IdKind kind = IdKind::small;
  Buffer<column_t> index;
  std::vector<ChunkIds> chunk_ids;
};

/// Entry e stands on line first_line + e.
template <class T>
struct Entries {
  std::vector<Chunk> chunks;
  std::array<IdColumn, 2> ids;  ///< users, items
  Buffer<T> values;
  Buffer<T> weights;
  offset_t size() const { return values.size(); }
};

/// Throws ParseError for the first bad line.
template <class T>
Entries<T> parse_entries(const std::string& path, const Layout& layout, const FileText& file, int threads);

extern template Entries<float> parse_entries<float>(const std::string&, const Layout&, const FileText&, int);
extern template Entries<double> parse_entries<double>(const std::string&, const Layout&, const FileText&, int);

}  // namespace seesaw::io
