#include "delimited.hpp"

namespace seesaw::cli {
namespace {

bool blank(char c) { return c == ' ' || c == '\t'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

/// How long the separator is that begins at `at`; 0 where none does.
std::size_t separator_size(std::string_view line, std::size_t at, const std::string& separator) {
  if (separator != " ") return line.substr(at, separator.size()) == separator ? separator.size() : 0;
  std::size_t end = at;
  while (end < line.size() && blank(line[end])) ++end;
  return end - at;
}

/// Takes a field whose quotation mark opens at `at`, and moves behind the one that closes it. False where none does.
bool take_quoted(std::string_view line, std::size_t& at, std::string& field) {
  for (++at; at < line.size(); ++at) {
    if (line[at] == '"') {
      ++at;
      if (at == line.size() || line[at] != '"') return true;
    }
    field += line[at];
  }
  return false;
}

}  // namespace

std::string separator_of(std::string_view line) {
  bool inside = false;
  for (std::size_t at = 0; at < line.size(); ++at) {
    inside = inside != (line[at] == '"');
    if (inside) continue;
    for (const char* separator : {"\t", "::", "|", ",", ";"})
      if (separator_size(line, at, separator) > 0) return separator;
  }
  return " ";
}

bool split_fields(std::string_view line, const std::string& separator, std::vector<std::string>& fields) {
  const bool quotes = separator == "," || separator == ";";
  fields.clear();
  if (separator == " ") line = trimmed(line);
  for (std::size_t at = 0;;) {
    std::string field;
    if (quotes && at < line.size() && line[at] == '"' && !take_quoted(line, at, field)) return false;
    std::size_t size = 0;
    while (at < line.size() && (size = separator_size(line, at, separator)) == 0) field += line[at++];
    fields.emplace_back(trimmed(field));
    if (size == 0) return true;
    at += size;
  }
}

bool next_line(std::istream& file, bool first, std::string& line) {
  if (!std::getline(file, line)) return false;
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (first && line.rfind(kByteOrderMark, 0) == 0) line.erase(0, kByteOrderMark.size());
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return true;
}

}  // namespace seesaw::cli
