#pragma once
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string_view>
#include <type_traits>

namespace seesaw::io {

/// An integer in the one form that to_string gives: no plus, no leading zero, no "-0". False where it is not, or
/// exceeds int64.
inline bool parse_canonical(std::string_view text, std::int64_t& value) {
  const bool negative = !text.empty() && text.front() == '-';
  const std::string_view digits = text.substr(negative ? 1 : 0);
  if (digits.empty() || digits.size() > 19 || (digits.front() == '0' && text.size() > 1)) return false;
  std::uint64_t magnitude = 0;
  for (const char c : digits) {
    const auto digit = static_cast<unsigned>(c) - '0';
    if (digit > 9) return false;
    magnitude = 10 * magnitude + digit;
  }
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (magnitude > kMost + (negative ? 1 : 0)) return false;
  value = static_cast<std::int64_t>(negative ? 0 - magnitude : magnitude);
  return true;
}

enum class NumberFault { none, syntax, not_finite, range };

/// What is wrong with a number that should be a T.
template <class T>
const char* text_of(NumberFault fault) {
  if (fault == NumberFault::syntax) return " is not a number";
  if (fault == NumberFault::not_finite) return " is not finite";
  return std::is_same_v<T, float> ? " is outside the range of float" : " is outside the range of double";
}

template <class T>
NumberFault parse_any_number(std::string_view text, T& value) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::invalid_argument || end != text.data() + text.size()) return NumberFault::syntax;
  if (error == std::errc::result_out_of_range) return NumberFault::range;
  return std::isfinite(value) ? NumberFault::none : NumberFault::not_finite;
}

/// So many digits T holds exactly.
template <class T>
inline constexpr int kExactDigits = std::is_same_v<T, float> ? 7 : 15;

/// digits / 10^decimals, rounded to nearest: T holds both numbers exactly, so that one division rounds correctly
/// (Clinger 1990). At most kExactDigits digits, 10 decimals.
template <class T>
T exact_decimal(std::int64_t digits, int decimals, bool negative) {
  constexpr T kPowers[] = {T(1e0), T(1e1), T(1e2), T(1e3), T(1e4), T(1e5), T(1e6), T(1e7), T(1e8), T(1e9), T(1e10)};
  const T value = static_cast<T>(digits) / kPowers[decimals];
  return negative ? -value : value;
}

/// A decimal number, rounded to nearest.
template <class T>
NumberFault parse_number(std::string_view text, T& value) {
  const char* at = text.data();
  const char* const end = at + text.size();
  const bool negative = at != end && *at == '-';
  at += negative ? 1 : 0;
  std::int64_t digits = 0;
  int count = 0, decimals = 0;
  bool point = false;
  for (; at != end; ++at) {
    const auto digit = static_cast<unsigned>(*at) - '0';
    if (digit <= 9) {
      if (++count > kExactDigits<T>) break;
      digits = 10 * digits + static_cast<std::int64_t>(digit);
      decimals += point ? 1 : 0;
    } else if (*at == '.' && !point) {
      point = true;
    } else {
      break;
    }
  }
  if (at != end || count == 0 || decimals > 10) return parse_any_number(text, value);
  value = exact_decimal<T>(digits, decimals, negative);
  return NumberFault::none;
}

}  // namespace seesaw::io
