#pragma once
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "lines.hpp"

namespace seesaw::io {

/// A separator of one character; "::" of MovieLens; any run of spaces and tabs. is() says whether one begins at `at`,
/// size() how long it is, `at` and `end` being positions in a line.
struct CharSeparator {
  char character;
  bool is(const char* at, const char*) const { return *at == character; }
  static int size(const char*, const char*) { return 1; }
};
struct DoubleColon {
  static bool is(const char* at, const char* end) { return *at == ':' && at + 1 != end && at[1] == ':'; }
  static int size(const char*, const char*) { return 2; }
};
struct Whitespace {
  static bool is(const char* at, const char*) { return *at == ' ' || *at == '\t'; }
  static int size(const char* at, const char* end) {
    const char* const start = at;
    while (at != end && is(at, end)) ++at;
    return static_cast<int>(at - start);
  }
};

inline constexpr int kUnclosedQuote = -1;
inline constexpr int kTextAfterQuote = -2;

/// The position behind the quotation mark that closes a field, given the one that opens it; null where none does.
inline const char* end_of_quoted(const char* at, const char* end) {
  for (++at; at != end; ++at)
    if (*at == '"') {
      if (at + 1 == end || at[1] != '"') return at + 1;
      ++at;
    }
  return nullptr;
}

/// How many fields the line has; the first `capacity` of them go to `fields`, without spaces around them but with
/// their quotation marks, which are characters like others unless `quotes`. kUnclosedQuote or kTextAfterQuote where
/// quotes are wrong.
template <class Separator>
int split(std::string_view line, Separator separator, std::string_view* fields, int capacity, bool quotes = true) {
  const char* at = line.data();
  const char* const end = at + line.size();
  for (int count = 0;; ++count) {
    while (at != end && (*at == ' ' || *at == '\t') && !separator.is(at, end)) ++at;
    const char* const start = at;
    if (quotes && at != end && *at == '"') {
      at = end_of_quoted(at, end);
      if (at == nullptr) return kUnclosedQuote;
      const char* const closed = at;
      while (at != end && !separator.is(at, end)) ++at;
      if (!trimmed({closed, static_cast<std::size_t>(at - closed)}).empty()) return kTextAfterQuote;
    } else {
      while (at != end && !separator.is(at, end)) ++at;
    }
    if (count < capacity) {
      const char* last = at;
      while (last != start && (last[-1] == ' ' || last[-1] == '\t')) --last;
      fields[count] = {start, static_cast<std::size_t>(last - start)};
    }
    if (at == end) return count + 1;
    at += separator.size(at, end);
  }
}

/// Spaces at both ends of a line separate nothing.
template <>
inline int split(std::string_view line, Whitespace separator, std::string_view* fields, int capacity, bool quotes) {
  line = trimmed(line);
  const char* at = line.data();
  const char* const end = at + line.size();
  for (int count = 0;; ++count) {
    if (at == end) return count;
    const char* const start = at;
    if (quotes && *at == '"') {
      at = end_of_quoted(at, end);
      if (at == nullptr) return kUnclosedQuote;
      if (at != end && !separator.is(at, end)) return kTextAfterQuote;
    } else {
      while (at != end && !separator.is(at, end)) ++at;
    }
    if (count < capacity) fields[count] = {start, static_cast<std::size_t>(at - start)};
    at += separator.size(at, end);
  }
}

/// Calls work(separator) with the type that stands for `text`: a character, "::", or " ".
template <class Work>
auto with_separator(const std::string& text, const Work& work) {
  if (text == "::") return work(DoubleColon{});
  if (text == " ") return work(Whitespace{});
  return work(CharSeparator{text[0]});
}

/// The words of a line between spaces and tabs, the first most + 1 of them.
inline std::vector<std::string_view> words_of(std::string_view line, std::size_t most) {
  std::vector<std::string_view> words(most + 1);
  const int count = split(line, Whitespace{}, words.data(), static_cast<int>(words.size()));
  words.resize(std::min(words.size(), static_cast<std::size_t>(std::max(count, 0))));
  return words;
}

inline std::string numbered_fields(int count) { return std::to_string(count) + (count == 1 ? " field" : " fields"); }

/// A field in quotes without them, doubled ones made single.
inline std::string unquoted(std::string_view field) {
  std::string text;
  for (std::size_t i = 1; i + 1 < field.size(); ++i) {
    text += field[i];
    if (field[i] == '"') ++i;
  }
  return text;
}

}  // namespace seesaw::io
