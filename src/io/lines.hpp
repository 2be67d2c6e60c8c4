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

/// ASCII only.
std::string lower_case(std::string_view text);

}  // namespace seesaw::io
