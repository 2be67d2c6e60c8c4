#include "text_output.hpp"

#include <zlib.h>

#include <charconv>
#include <cmath>

#include "numbers.hpp"
#include "seesaw/errors.hpp"

namespace seesaw::io {
namespace {

/// What std::to_chars writes, sooner: for numbers of few digits, such as ratings are. Null for others.
template <class T>
char* write_short(char* to, T number) {
  constexpr T kMost = 9999;
  constexpr int kDecimals = 2;
  const T magnitude = std::abs(number);
  if (!(magnitude <= kMost) || magnitude == 0) return nullptr;
  std::int64_t power = 1;
  for (int decimals = 0; decimals <= kDecimals; ++decimals, power *= 10) {
    const auto digits = static_cast<std::int64_t>(magnitude * static_cast<T>(power) + T(0.5));
    if (exact_decimal<T>(digits, decimals, false) != magnitude) continue;
    if (number < 0) *to++ = '-';
    to = std::to_chars(to, to + 8, digits / power).ptr;
    if (decimals == 0) return to;
    *to++ = '.';
    if (decimals == 2) *to++ = static_cast<char>('0' + digits / 10 % 10);
    *to++ = static_cast<char>('0' + digits % 10);
    return to;
  }
  return nullptr;
}

template <class T>
void append(std::string& text, T number) {
  constexpr std::size_t kDigits = 32;
  char digits[kDigits];
  const char* end = write_short(digits, number);
  if (end == nullptr) end = std::to_chars(digits, digits + kDigits, number).ptr;
  text.append(digits, static_cast<std::size_t>(end - digits));
}

}  // namespace

std::string gzip_member(const std::string& text) {
  constexpr int kFast = 1, kGzip = 16, kMemory = 8;
  z_stream stream{};
  if (deflateInit2(&stream, kFast, Z_DEFLATED, kGzip + MAX_WBITS, kMemory, Z_DEFAULT_STRATEGY) != Z_OK)
    throw OutOfMemory("no memory for writing gzip");
  std::string bytes(deflateBound(&stream, static_cast<uLong>(text.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_out = static_cast<uInt>(bytes.size());
  deflate(&stream, Z_FINISH);
  bytes.resize(bytes.size() - stream.avail_out);
  deflateEnd(&stream);
  return bytes;
}

void append_number(std::string& text, float number) { append(text, number); }
void append_number(std::string& text, double number) { append(text, number); }

}  // namespace seesaw::io
