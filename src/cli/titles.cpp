#include "titles.hpp"

#include <vector>

#include "seesaw/io/delimited.hpp"

namespace seesaw::cli {
namespace {

/// How many bytes follow the first one of a character; -1 where it is not one.
int followers(unsigned char first) {
  if (first < 0x80) return 0;
  if (first >= 0xC2 && first < 0xE0) return 1;
  if (first >= 0xE0 && first < 0xF0) return 2;
  if (first >= 0xF0 && first < 0xF5) return 3;
  return -1;
}

bool is_utf8(const std::string& text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    int rest = followers(static_cast<unsigned char>(text[i]));
    if (rest < 0) return false;
    for (; rest > 0; --rest)
      if (++i == text.size() || (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) return false;
  }
  return true;
}

std::string from_latin1(const std::string& text) {
  std::string utf8;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      utf8 += c;
    } else {
      utf8 += static_cast<char>(0xC0 | (byte >> 6));
      utf8 += static_cast<char>(0x80 | (byte & 0x3F));
    }
  }
  return utf8;
}

}  // namespace

std::unordered_map<std::string, std::string> read_titles(const std::string& path) {
  DelimitedReader reader(path, "", DelimitedReader::Quotes::csv);
  std::unordered_map<std::string, std::string> titles;
  while (reader.next()) {
    const std::vector<std::string>& fields = reader.fields();
    if (fields.size() < 2) reader.fail("expected an item's id and its title");
    titles[fields[0]] = is_utf8(fields[1]) ? fields[1] : from_latin1(fields[1]);
  }
  return titles;
}

}  // namespace seesaw::cli
