#include "lines.hpp"

#include <algorithm>
#include <cstring>

namespace seesaw::io {

std::string quoted(std::string_view text) {
  constexpr std::size_t kMost = 60;
  std::string shown = "\"";
  for (const char c : text.substr(0, kMost)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) {
      shown += c;
    } else if (c == '\t') {
      shown += "\\t";
    } else {
      constexpr char digits[] = "0123456789abcdef";
      shown += "\\x";
      shown += digits[byte / 16];
      shown += digits[byte % 16];
    }
  }
  return shown + (text.size() > kMost ? "...\"" : "\"");
}

ParseError line_error(const std::string& path, index_t line, const std::string& message, std::string_view text) {
  return line_error(path, line, message + ": " + quoted(text));
}

ParseError line_error(const std::string& path, index_t line, const std::string& message) {
  return ParseError(path + ":" + std::to_string(line) + ": " + message);
}

Line line_at(std::string_view text, std::size_t start) {
  const void* found = std::memchr(text.data() + start, '\n', text.size() - start);
  std::size_t end =
      found == nullptr ? text.size() : static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
  const std::size_t next = found == nullptr ? end : end + 1;
  if (end > start && text[end - 1] == '\r') --end;
  return {text.substr(start, end - start), next};
}

std::string_view line_text(std::string_view text, index_t number) {
  Line line = line_at(text, 0);
  for (index_t i = 1; i < number; ++i) line = line_at(text, line.next);
  return line.text;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string_view without_byte_order_mark(std::string_view text) {
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  return text.substr(0, kMark.size()) == kMark ? text.substr(kMark.size()) : text;
}

std::string_view without_blank_end(std::string_view text) {
  const std::size_t last = text.find_last_not_of(" \t\r\n");
  if (last == std::string_view::npos) return {};
  const std::size_t end = text.find('\n', last);
  return end == std::string_view::npos ? text : text.substr(0, end);
}

std::string_view checked_text(const std::string& path, std::string_view text) {
  constexpr std::size_t kLookedAt = 4096;
  text = without_byte_order_mark(text);
  if (text.substr(0, kLookedAt).find('\0') != std::string_view::npos)
    throw line_error(path, 1, "not a text file, it has NUL bytes", line_at(text, 0).text);
  text = without_blank_end(text);
  if (text.empty()) throw line_error(path, 1, "the file is empty");
  return text;
}

void check_line_count(const std::string& path, index_t first_line, std::string_view data, offset_t stated,
                      offset_t lines) {
  if (stated < 0 || stated == lines) return;
  const std::string message = "the file states " + std::to_string(stated) + " entries but has ";
  if (lines < stated)
    throw line_error(path, first_line + std::max<offset_t>(lines, 1) - 1, message + std::to_string(lines));
  throw line_error(path, first_line + stated, message + "more", line_text(data, stated + 1));
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

}  // namespace seesaw::io
