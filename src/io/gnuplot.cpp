#include "gnuplot.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <system_error>

#include "file_text.hpp"
#include "seesaw/errors.hpp"
#include "seesaw/io/atomic_file.hpp"

extern char** environ;

namespace seesaw::io {
namespace {

// ---- text

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

/// The bytes of the character that `text` begins with; 0 where they are not UTF-8, or none that XML allows.
std::size_t character_size(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t size = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
  if (size == 0 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  if (first == 0xE0 && byte(1) < 0xA0) return 0;                      // longer than need be
  if (first == 0xF0 && byte(1) < 0x90) return 0;                      // the same
  if (first == 0xED && byte(1) >= 0xA0) return 0;                     // surrogates
  if (first == 0xF4 && byte(1) >= 0x90) return 0;                     // past U+10FFFF
  if (first == 0xEF && byte(1) == 0xBF && byte(2) >= 0xBE) return 0;  // U+FFFE, U+FFFF
  return size;
}

bool is_control(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first < 0x20 || first == 0x7F;
  return first == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0;
}

/// Calls each(character) with what may be shown in its place.
template <class Each>
void for_each_character(std::string_view text, const Each& each) {
  while (!text.empty()) {
    const std::size_t size = character_size(text);
    const std::string_view character = text.substr(0, std::max<std::size_t>(size, 1));
    each(size == 0 ? kReplacement : is_control(character) ? std::string_view(" ") : character);
    text.remove_prefix(character.size());
  }
}

// ---- the program

/// A file without a name, gone when it is closed.
class Scratch {
 public:
  explicit Scratch(const std::string& path) : path_(path), file_(std::tmpfile()) {
    if (file_ == nullptr) throw IoError(system_message(path_, "no temporary file can be made to draw it", errno));
  }
  ~Scratch() { std::fclose(file_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  int descriptor() const { return ::fileno(file_); }
  void write(std::string_view text) {
    if (std::fwrite(text.data(), 1, text.size(), file_) != text.size() || std::fflush(file_) != 0)
      throw IoError(system_message(path_, "the temporary file to draw it cannot be written", errno));
    std::rewind(file_);
  }
  /// All that was written, by us or by who shares the descriptor.
  std::string contents() const {
    ::lseek(descriptor(), 0, SEEK_SET);
    const FileText text(path_, descriptor());
    return std::string(text.view());
  }

 private:
  std::string path_;
  std::FILE* file_;
};

/// Exit status of gnuplot, which reads the script by name: of its standard input it would go on behind an error.
int run(const std::string& path, const std::string& program, const Scratch& script, const Scratch& picture,
        const Scratch& complaints) {
  posix_spawn_file_actions_t actions;
  if (::posix_spawn_file_actions_init(&actions) != 0) throw std::bad_alloc();
  const std::unique_ptr<posix_spawn_file_actions_t, int (*)(posix_spawn_file_actions_t*)> owner(
      &actions, ::posix_spawn_file_actions_destroy);
  int error = 0;
  const int from[] = {script.descriptor(), picture.descriptor(), complaints.descriptor()};
  for (int to = 0; to < 3 && error == 0; ++to) error = ::posix_spawn_file_actions_adddup2(&actions, from[to], to);
  std::string name = "gnuplot", no_settings = "-d", input = "/dev/stdin";
  char* const arguments[] = {name.data(), no_settings.data(), input.data(), nullptr};
  pid_t child = 0;
  if (error == 0) error = ::posix_spawn(&child, program.c_str(), &actions, nullptr, arguments, environ);
  if (error != 0) throw IoError(system_message(path, program + " cannot be run", error));
  int status = 0;
  while (::waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return 0;  // the application lets nobody wait (SIGCHLD ignored): the picture itself must tell
  return status;
}

/// The last line with anything in it: gnuplot shows the command first and then says what is wrong with it.
std::string last_line(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) text.remove_suffix(1);
  return std::string(text.substr(text.find_last_of('\n') + 1));  // npos + 1 is 0
}

std::string ending_of(int status) {
  if (WIFSIGNALED(status)) return "was killed by signal " + std::to_string(WTERMSIG(status));
  return "ended with status " + std::to_string(WEXITSTATUS(status));
}

bool is_whole(Picture kind, std::string_view bytes) {
  if (kind == Picture::png)
    return bytes.substr(0, 8) == "\x89PNG\r\n\x1a\n" && ends_with(bytes, "IEND\xAE\x42\x60\x82");
  const std::size_t last = bytes.find_last_not_of(" \r\n");
  return bytes.substr(0, 5) == "<?xml" && last != bytes.npos && ends_with(bytes.substr(0, last + 1), "</svg>");
}

/// Sets "bold" to the name of the terminal's bold font.
std::string terminal(Picture kind, int width, int height) {
  const std::string size = " size " + std::to_string(width) + "," + std::to_string(height) + " noenhanced font ";
  if (kind == Picture::svg)
    return "set terminal svg" + size + "'sans-serif,13' background '#ffffff'\nbold = 'sans-serif bold'\n";
  return "if (strstrt(GPVAL_TERMINALS, 'pngcairo') > 0) {\n set terminal pngcairo" + size +
         "'Sans,10'\n} else {\n set terminal png" + size + "'Sans,10'\n}\nbold = 'Sans:Bold'\n";
}

}  // namespace

std::string literal(std::string_view text) {
  std::string within = "'";
  for_each_character(text, [&](std::string_view character) { within += character == "'" ? "''" : character; });
  return within + "'";
}

std::string tic_literal(std::string_view text) {
  std::string escaped;
  for (const char c : text) escaped += c == '%' ? std::string("%%") : std::string(1, c);
  return literal(escaped);
}

std::size_t characters(std::string_view text) {
  std::size_t count = 0;
  for_each_character(text, [&](std::string_view) { ++count; });
  return count;
}

std::string shortened(std::string_view text, std::size_t most) {
  const bool cut = characters(text) > most;
  std::string kept;
  std::size_t count = 0;
  for_each_character(text, [&](std::string_view character) {
    if (!cut || count + 3 < most) kept += character;
    ++count;
  });
  return cut ? kept + "..." : kept;
}

std::string number(double value) {
  if (!std::isfinite(value)) return "NaN";
  char text[32];
  return {text, std::to_chars(std::begin(text), std::end(text), value).ptr};
}

Picture picture_kind(const std::string& path) {
  std::string ending = std::filesystem::path(path).extension();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (ending == ".svg") return Picture::svg;
  if (ending == ".png") return Picture::png;
  throw InvalidArgument("the picture is \"" + path + "\", expected a name that ends in .svg or .png");
}

std::string find_gnuplot(const std::string& path) {
  const char* const variable = std::getenv("PATH");
  std::string_view folders = variable == nullptr ? "" : variable;
  while (!folders.empty()) {
    const std::string_view folder = folders.substr(0, folders.find(':'));
    folders.remove_prefix(std::min(folders.size(), folder.size() + 1));
    const std::string program = std::string(folder.empty() ? "." : folder) + "/gnuplot";
    std::error_code error;
    if (std::filesystem::is_regular_file(program, error) && ::access(program.c_str(), X_OK) == 0) return program;
  }
  throw IoError(path + ": cannot be drawn, for there is no gnuplot in PATH (Debian's package gnuplot-nox has it)");
}

void draw_script(const std::string& path, int width, int height, const std::string& script) {
  const Picture kind = picture_kind(path);
  const std::string program = find_gnuplot(path);
  Scratch input(path);
  const Scratch picture(path), complaints(path);
  input.write("set encoding utf8\n" + terminal(kind, width, height) + script);
  const int status = run(path, program, input, picture, complaints);
  const std::string bytes = picture.contents();
  if (status != 0 || !is_whole(kind, bytes)) {
    const std::string complaint = last_line(complaints.contents());
    const std::string ended = status != 0 ? ending_of(status) : "drew no whole picture";
    throw IoError(path + ": cannot be drawn: gnuplot " + ended + (complaint.empty() ? "" : ": " + complaint));
  }
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

}  // namespace seesaw::io
