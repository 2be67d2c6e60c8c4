#pragma once
#include <string_view>
#include <vector>

#include "file_text.hpp"
#include "seesaw/types.hpp"

namespace seesaw::io {

/// Some lines of a text, of which the first has the number first_entry, from 0.
struct Chunk {
  std::string_view text;
  index_t first_entry;
  index_t entries;  ///< how many lines
};

/// The lines of `data`, a part of the file: several chunks for each thread, so that none waits long; under a gigabyte,
/// so that 31 bits number a chunk's ids.
std::vector<Chunk> make_chunks(const FileText& file, std::string_view data, int threads);

/// How many lines they have together.
index_t line_count(const std::vector<Chunk>& chunks);

}  // namespace seesaw::io
