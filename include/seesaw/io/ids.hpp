#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "seesaw/types.hpp"

namespace seesaw {

/// The ids of a matrix's rows or columns: id number i stands for row i. Distinct and ascending, so the order does not
/// depend on how they were come by: numerically where all are integers, else bytewise. Integers take 8 bytes each,
/// consecutive ones nothing; strings their length and 8 bytes.
class Ids {
 public:
  Ids() = default;
  /// first, first + 1, ..., first + count - 1. Throws InvalidArgument for a negative count or one past int64.
  static Ids range(std::int64_t first, index_t count);
  /// Throws InvalidArgument unless ascending without repetition.
  static Ids integers(std::vector<std::int64_t> ascending);
  /// Throws InvalidArgument unless bytewise ascending without repetition, none empty, none with a NUL in it.
  static Ids strings(const std::vector<std::string_view>& ascending);

  index_t size() const { return size_; }
  bool integral() const { return integral_; }
  /// Id number `index`, which is at least 0 and below size(). integer() only where integral(), text() only where not.
  std::int64_t integer(index_t index) const;
  std::string_view text(index_t index) const;
  std::string name(index_t index) const;

  /// The index of an id, or -1. An integer is found by its plain decimal form only: "7", not "007" nor "+7".
  index_t find(std::string_view name) const;
  index_t find(std::int64_t integer) const;

  friend bool operator==(const Ids& a, const Ids& b);

 private:
  bool integral_ = true;
  index_t size_ = 0;
  std::int64_t first_ = 0;              ///< of consecutive integers, for which integers_ stays empty
  std::vector<std::int64_t> integers_;  ///< other integers
  std::string text_;                    ///< strings, one after the other
  std::vector<offset_t> starts_;        ///< size + 1 positions in text_
};

}  // namespace seesaw
