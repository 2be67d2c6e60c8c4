#pragma once
#include <string>
#include <string_view>

#include "seesaw/errors.hpp"
#include "seesaw/types.hpp"

namespace seesaw::io {

/// The text in quotation marks, cut after some 60 characters, bytes that cannot be shown as \xNN.
std::string quoted(std::string_view text);

/// "<path>:<line>: <message>: <text of the line>"
ParseError line_error(const std::string& path, index_t line, const std::string& message, std::string_view text);
/// The same without the text.
ParseError line_error(const std::string& path, index_t line, const std::string& message);

/// The line that begins at `start`, without its line feed and carriage return; `next` is where the following begins
/// (the text's size behind the last).
struct Line {
  std::string_view text;
  std::size_t next;
};
Line line_at(std::string_view text, std::size_t start);

/// Line number `number`, counted from 1.
std::string_view line_text(std::string_view text, index_t number);

/// Without spaces and tabs at both ends.
std::string_view trimmed(std::string_view text);

/// Without the mark that UTF-8 may begin with.
std::string_view without_byte_order_mark(std::string_view text);

/// Without blank lines at the end.
std::string_view without_blank_end(std::string_view text);

/// A file's text without a byte-order mark and blank lines at the end. Throws ParseError where nothing is left, and
/// where it is not text.
std::string_view checked_text(const std::string& path, std::string_view text);

/// Throws ParseError unless the `lines` lines of `data`, the first of which has the number first_line, are as many as
/// the file states; a negative number states nothing.
void check_line_count(const std::string& path, index_t first_line, std::string_view data, offset_t stated,
                      offset_t lines);

/// ASCII only.
std::string lower_case(std::string_view text);

}  // namespace seesaw::io
