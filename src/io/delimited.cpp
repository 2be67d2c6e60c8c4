#include "seesaw/io/delimited.hpp"

#include <algorithm>

#include "file_text.hpp"
#include "layout.hpp"
#include "lines.hpp"

namespace seesaw {

struct DelimitedReader::State {
  std::string name;
  io::FileText file;
  std::string_view text;  ///< what is still to be read
  std::string separator;
  Quotes quotes;
  io::FirstLine line{0, {}, {}, false};
};

DelimitedReader::DelimitedReader(const std::string& path, const std::string& separator, Quotes quotes) {
  io::check_separator(separator);
  if (path == "-")
    state_ = std::unique_ptr<State>(
        new State{"standard input", io::FileText("standard input", io::kStandardInput), {}, separator, quotes, {}});
  else
    state_ = std::unique_ptr<State>(new State{path, io::FileText(path), {}, separator, quotes, {}});
  state_->text = io::without_byte_order_mark(state_->file.view());
}

DelimitedReader::~DelimitedReader() = default;

bool DelimitedReader::next() {
  State& state = *state_;
  while (!state.text.empty()) {
    const io::Line line = io::line_at(state.text, 0);
    state.text.remove_prefix(line.next);
    ++state.line.number;
    state.line.text = line.text;
    if (io::trimmed(line.text).empty()) continue;
    if (state.separator.empty()) state.separator = io::detected_separator(line.text);
    const bool quotes = state.quotes == Quotes::anywhere || state.separator == "," || state.separator == ";";
    state.line.fields = io::fields_of(state.name, state.line.number, line.text, state.separator, quotes);
    return true;
  }
  return false;
}

const std::vector<std::string>& DelimitedReader::fields() const { return state_->line.fields; }

std::string DelimitedReader::place() const { return state_->name + ":" + std::to_string(state_->line.number); }

void DelimitedReader::fail(const std::string& what) const {
  throw io::line_error(state_->name, state_->line.number, what, state_->line.text);
}

PairsReader::PairsReader(const std::string& path, const RatingsOptions& options) : lines_(path, options.separator) {
  DelimitedReader::State& state = *lines_.state_;
  if (!lines_.next()) throw ParseError(state.name + ": is empty, expected pairs of user and item");
  const io::PairLayout layout = io::pair_layout(state.name, state.line, options);
  user_ = static_cast<std::size_t>(layout.user);
  item_ = static_cast<std::size_t>(layout.item);
  have_first_ = !layout.header;
}

bool PairsReader::next(Pair& pair) {
  if (!have_first_ && !lines_.next()) return false;
  have_first_ = false;
  const std::vector<std::string>& fields = lines_.fields();
  const std::size_t least = std::max(user_, item_) + 1;
  if (fields.size() < least)
    lines_.fail("found " + std::to_string(fields.size()) + " fields, expected at least " + std::to_string(least));
  pair = {fields[user_], fields[item_], lines_.place()};
  return true;
}

}  // namespace seesaw
