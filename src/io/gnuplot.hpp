#pragma once
#include <string>
#include <string_view>

namespace seesaw::io {

enum class Picture { svg, png };

/// By the ending of the name; throws InvalidArgument for another.
Picture picture_kind(const std::string& path);

/// The file that PATH has for gnuplot; throws IoError, with `path` as what cannot be drawn, where there is none.
std::string find_gnuplot(const std::string& path);

/// Text for gnuplot to show as it stands: a literal in which nothing is looked for, without control characters, UTF-8.
std::string literal(std::string_view text);
/// The same for the label of a tic, in which gnuplot looks for formats.
std::string tic_literal(std::string_view text);
/// So many characters of a text at most, the last of them "..." where some are left out.
std::string shortened(std::string_view text, std::size_t most);
std::size_t characters(std::string_view text);
/// The shortest text that reads back the same; "NaN" where not finite.
std::string number(double value);

/// Draws `script`, which sets no terminal and no output and finds a bold font's name in the variable "bold", on a page
/// of width x height points, into the file.
void draw_script(const std::string& path, int width, int height, const std::string& script);

}  // namespace seesaw::io
