#pragma once
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <vector>

#include "layout.hpp"
#include "numbers.hpp"

namespace seesaw::io {

/// The digits that eight bytes begin with.
struct Digits {
  int count;
  std::uint32_t value;
};

/// Without a branch for each digit: those of numbers of varying length are what a processor cannot foretell.
inline Digits digits_at(const char* at) {
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, at, sizeof(bytes));
  bytes ^= 0x3030303030303030;  // of digits, 0 to 9
  const std::uint64_t others = ((bytes + 0x7676767676767676) | bytes) & 0x8080808080808080;
  const int count = others == 0 ? 8 : std::countr_zero(others) / 8;
  if (count == 0) return {0, 0};
  bytes <<= 64 - 8 * count;           // zeros before the first digit, which is in the lowest byte
  bytes = 10 * bytes + (bytes >> 8);  // every second byte: two digits
  constexpr std::uint64_t kEvery4th = 0x000000ff000000ff;
  bytes = (bytes & kEvery4th) * (100 + (std::uint64_t{1000000} << 32)) +
          (bytes >> 16 & kEvery4th) * (1 + (std::uint64_t{10000} << 32));
  return {count, static_cast<std::uint32_t>(bytes >> 32)};
}

/// More bytes than are looked at for one number.
inline constexpr std::ptrdiff_t kMostTaken = 24;

/// An index of one to eight digits; null for anything else, else the position behind it.
inline const char* take_id(const char* at, column_t& id) {
  const Digits digits = digits_at(at);
  if (digits.count == 0 || (*at == '0' && digits.count > 1)) return nullptr;
  id = static_cast<column_t>(digits.value);
  return at + digits.count;
}

/// A number such as 3, 4.5 or -0.25, of so many digits as are exact; null for others.
template <class T>
const char* take_number(const char* at, T& number) {
  constexpr std::int64_t kPowers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
  const bool negative = *at == '-';
  at += negative ? 1 : 0;
  const Digits whole = digits_at(at);
  at += whole.count;
  Digits decimals{0, 0};
  if (*at == '.') {
    decimals = digits_at(at + 1);
    at += 1 + decimals.count;
  }
  const int count = whole.count + decimals.count;
  if (count == 0 || count > kExactDigits<T>) return nullptr;
  number = exact_decimal<T>(whole.value * kPowers[decimals.count] + decimals.value, decimals.count, negative);
  return at;
}

/// What a line of a ratings file holds.
template <class T>
struct LineNumbers {
  std::array<column_t, 2> ids;
  T rating;
  T weight;
};

/// Reads lines of the usual kind in one pass: ids of at most eight digits, ratings as 3, 4.5 or -0.25, nothing quoted,
/// no spaces around fields. Of any other line it makes nothing, right or wrong: that is for split() and its users,
/// which would read the usual ones just so.
class QuickLine {
 public:
  explicit QuickLine(const Layout& layout) : roles_(static_cast<std::size_t>(layout.fields), kRoles) {
    for (const Role role : {kUser, kItem, kRating, kWeight})
      if (layout.field[role] >= 0) roles_[static_cast<std::size_t>(layout.field[role])] = role;
    for (const char c : layout.separator + "\t\r\n\"") ends_field_[static_cast<unsigned char>(c)] = true;
    const bool separated = layout.separator.find_first_of("0123456789.-") == std::string::npos;
    possible_ = std::endian::native == std::endian::little && separated && layout.size[0] < 0;
  }
  bool possible() const { return possible_; }

  /// The position behind the line at `at`; null where it is not of that kind or within some bytes of `end`.
  template <class T, class Separator>
  const char* read(const char* at, const char* end, Separator separator, LineNumbers<T>& numbers) const {
    for (std::size_t f = 0; f < roles_.size(); ++f) {
      if (end - at < kMostTaken) return nullptr;
      if (f > 0) {
        if (!separator.is(at, end)) return nullptr;
        at += separator.size(at, end);
        if (end - at < kMostTaken) return nullptr;
      }
      const Role role = roles_[f];
      at = role == kRoles                   ? behind_other(at, end)
           : role == kUser || role == kItem ? take_id(at, numbers.ids[role])
                                            : take_number(at, role == kRating ? numbers.rating : numbers.weight);
      if (at == nullptr) return nullptr;
    }
    if (end - at < kMostTaken) return nullptr;
    at += *at == '\r' ? 1 : 0;
    return *at == '\n' ? at + 1 : nullptr;
  }

 private:
  /// Behind a field that nobody wants, or at a quotation mark in it; null for an empty one.
  const char* behind_other(const char* at, const char* end) const {
    const char* const start = at;
    for (int count = 8; count == 8 && end - at >= kMostTaken; at += count) count = digits_at(at).count;  // times
    while (at != end && !ends_field_[static_cast<unsigned char>(*at)]) ++at;
    return at == start || at == end ? nullptr : at;
  }

  std::vector<Role> roles_;  ///< of each field; kRoles: none
  std::array<bool, 256> ends_field_{};
  bool possible_ = false;
};

}  // namespace seesaw::io
