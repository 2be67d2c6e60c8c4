#pragma once
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "parallel.hpp"
#include "seesaw/io/atomic_file.hpp"

namespace seesaw::io {

/// A whole gzip member, so that blocks can be packed at the same time and stand one after the other.
std::string gzip_member(const std::string& text);

/// The shortest text that reads back as the same finite number.
void append_number(std::string& text, float number);
void append_number(std::string& text, double number);

/// Appends to the file what text_of(range) gives for parts of 0..size-1, in their order, packed where `gzip`. A few
/// blocks for each thread at a time bound the memory; how the blocks are cut does not depend on the threads.
template <class TextOf>
void write_blocks(AtomicFile& file, bool gzip, int threads, index_t size, const TextOf& text_of) {
  constexpr index_t kBlock = 1 << 16;
  const index_t blocks = (size + kBlock - 1) / kBlock, together = 4 * static_cast<index_t>(threads);
  for (index_t done = 0; done < blocks; done += together) {
    std::vector<std::string> texts(static_cast<std::size_t>(std::min(together, blocks - done)));
    parallel_for(threads, static_cast<index_t>(texts.size()), [&](index_t i) {
      std::string text = text_of(part_of(size, done + i, blocks));
      texts[static_cast<std::size_t>(i)] = gzip ? gzip_member(text) : std::move(text);
    });
    for (const std::string& text : texts) file.write(text);
  }
}

}  // namespace seesaw::io
