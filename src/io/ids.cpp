#include "seesaw/io/ids.hpp"

#include <algorithm>
#include <limits>

#include "numbers.hpp"
#include "seesaw/errors.hpp"

namespace seesaw {
namespace {

[[noreturn]] void fail(index_t at, const std::string& what) {
  throw InvalidArgument("id number " + std::to_string(at) + " " + what);
}

}  // namespace

Ids Ids::range(std::int64_t first, index_t count) {
  if (count < 0) throw InvalidArgument("count is " + std::to_string(count) + ", expected 0 or more");
  if (count > 0 && first > std::numeric_limits<std::int64_t>::max() - (count - 1))
    throw InvalidArgument(std::to_string(count) + " ids from " + std::to_string(first) + " on exceed 64 bits");
  Ids ids;
  ids.size_ = count;
  ids.first_ = first;
  return ids;
}

Ids Ids::integers(std::vector<std::int64_t> ascending) {
  const auto size = static_cast<index_t>(ascending.size());
  bool consecutive = true;
  for (std::size_t i = 1; i < ascending.size(); ++i) {
    if (ascending[i - 1] >= ascending[i]) fail(static_cast<index_t>(i), "is not above the one before it");
    consecutive = consecutive && ascending[i] - 1 == ascending[i - 1];
  }
  if (consecutive) return range(size == 0 ? 0 : ascending.front(), size);
  Ids ids;
  ids.size_ = size;
  ids.integers_ = std::move(ascending);
  return ids;
}

Ids Ids::strings(const std::vector<std::string_view>& ascending) {
  Ids ids;
  ids.integral_ = false;
  ids.size_ = static_cast<index_t>(ascending.size());
  ids.starts_.reserve(ascending.size() + 1);
  std::size_t bytes = 0;
  for (const std::string_view text : ascending) bytes += text.size();
  ids.text_.reserve(bytes);
  for (std::size_t i = 0; i < ascending.size(); ++i) {
    const auto at = static_cast<index_t>(i);
    if (ascending[i].empty()) fail(at, "is empty");
    if (ascending[i].find('\0') != std::string_view::npos) fail(at, "has a NUL byte");
    if (i > 0 && ascending[i - 1] >= ascending[i]) fail(at, "is not above the one before it");
    ids.starts_.push_back(static_cast<offset_t>(ids.text_.size()));
    ids.text_ += ascending[i];
  }
  ids.starts_.push_back(static_cast<offset_t>(ids.text_.size()));
  return ids;
}

std::int64_t Ids::integer(index_t index) const {
  return integers_.empty() ? first_ + index : integers_[static_cast<std::size_t>(index)];
}

std::string_view Ids::text(index_t index) const {
  const auto i = static_cast<std::size_t>(index);
  const auto start = static_cast<std::size_t>(starts_[i]), end = static_cast<std::size_t>(starts_[i + 1]);
  return std::string_view(text_).substr(start, end - start);
}

std::string Ids::name(index_t index) const {
  return integral_ ? std::to_string(integer(index)) : std::string(text(index));
}

index_t Ids::find(std::int64_t integer) const {
  if (!integral_) return find(std::string_view(std::to_string(integer)));
  if (integers_.empty()) {
    // Unsigned, for the distance may exceed int64.
    const auto distance = static_cast<std::uint64_t>(integer) - static_cast<std::uint64_t>(first_);
    return integer >= first_ && distance < static_cast<std::uint64_t>(size_) ? static_cast<index_t>(distance) : -1;
  }
  const auto found = std::lower_bound(integers_.begin(), integers_.end(), integer);
  return found != integers_.end() && *found == integer ? found - integers_.begin() : -1;
}

index_t Ids::find(std::string_view name) const {
  if (integral_) {
    std::int64_t integer = 0;
    return io::parse_canonical(name, integer) ? find(integer) : -1;
  }
  index_t first = 0, last = size_;
  while (first < last) {
    const index_t middle = first + (last - first) / 2;
    if (text(middle) < name)
      first = middle + 1;
    else
      last = middle;
  }
  return first < size_ && text(first) == name ? first : -1;
}

bool operator==(const Ids& a, const Ids& b) {
  return a.integral_ == b.integral_ && a.size_ == b.size_ && (a.size_ == 0 || a.first_ == b.first_) &&
         a.integers_ == b.integers_ && a.text_ == b.text_ && a.starts_ == b.starts_;
}

}  // namespace seesaw
