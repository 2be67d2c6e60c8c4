#include "chunks.hpp"

#include <algorithm>

#include "lines.hpp"
#include "parallel.hpp"

namespace seesaw::io {
namespace {

/// As std::count, in sums of one byte, which compilers turn into SIMD.
index_t count_feeds(std::string_view text) {
  constexpr std::size_t kBlock = 255;
  index_t feeds = 0;
  while (!text.empty()) {
    const std::string_view block = text.substr(0, kBlock);
    unsigned char sum = 0;
    for (const char c : block) sum = static_cast<unsigned char>(sum + (c == '\n' ? 1 : 0));
    feeds += sum;
    text.remove_prefix(block.size());
  }
  return feeds;
}

}  // namespace

std::vector<Chunk> make_chunks(const FileText& file, std::string_view data, int threads) {
  constexpr index_t kLeast = 1 << 16, kMost = 1 << 30;
  const auto size = static_cast<index_t>(data.size());
  index_t parts = std::clamp<index_t>(size / kLeast, 1, 8 * static_cast<index_t>(threads));
  parts = std::max(parts, (size + kMost - 1) / kMost);
  std::vector<Chunk> chunks;
  for (std::size_t start = 0; start < data.size();) {
    const auto wanted = static_cast<std::size_t>(part_of(size, static_cast<index_t>(chunks.size()), parts).last);
    const std::size_t end = wanted <= start ? line_at(data, start).next : line_at(data, wanted - 1).next;
    chunks.push_back({data.substr(start, end - start), 0, 0});
    start = end;
  }
  parallel_for(threads, static_cast<index_t>(chunks.size()), [&](index_t i) {
    Chunk& chunk = chunks[static_cast<std::size_t>(i)];
    chunk.entries = count_feeds(chunk.text) + (chunk.text.back() == '\n' ? 0 : 1);
    file.release(chunk.text);
  });
  for (std::size_t i = 1; i < chunks.size(); ++i)
    chunks[i].first_entry = chunks[i - 1].first_entry + chunks[i - 1].entries;
  return chunks;
}

index_t line_count(const std::vector<Chunk>& chunks) {
  return chunks.empty() ? 0 : chunks.back().first_entry + chunks.back().entries;
}

}  // namespace seesaw::io
