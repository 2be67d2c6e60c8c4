#pragma once
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "seesaw/types.hpp"

namespace seesaw::io {

/// A finalizer of MurmurHash3: every bit of the input moves every bit of the output.
inline std::uint64_t mixed(std::uint64_t bits) {
  bits = (bits ^ (bits >> 33)) * 0xff51afd7ed558ccdULL;
  bits = (bits ^ (bits >> 33)) * 0xc4ceb9fe1a85ec53ULL;
  return bits ^ (bits >> 33);
}

inline std::uint64_t hash_of(std::int64_t key) { return mixed(static_cast<std::uint64_t>(key)); }
inline std::uint64_t hash_of(std::string_view key) { return std::hash<std::string_view>()(key); }

/// Numbers distinct keys 0, 1, ... as they come; up to 2^31 of them.
template <class Key>
class Interner {
 public:
  column_t add(Key key) {
    if (2 * (keys_.size() + 1) > slots_.size()) grow();
    const std::uint64_t hash = hash_of(key);
    Slot& slot = find(hash, [&](std::uint32_t number) { return keys_[number] == key; });
    if (slot.number == 0) {
      keys_.push_back(key);
      slot = {static_cast<std::uint32_t>(hash >> 32), static_cast<std::uint32_t>(keys_.size())};
    }
    return static_cast<column_t>(slot.number - 1);
  }
  const std::vector<Key>& keys() const { return keys_; }

 private:
  struct Slot {
    std::uint32_t hash;
    std::uint32_t number;  ///< of the key, from 1; 0: empty
  };

  /// The slot of the key, or the empty one where it belongs.
  template <class Same>
  Slot& find(std::uint64_t hash, const Same& same) {
    std::size_t at = static_cast<std::size_t>(hash) & (slots_.size() - 1);
    while (slots_[at].number != 0 &&
           !(slots_[at].hash == static_cast<std::uint32_t>(hash >> 32) && same(slots_[at].number - 1)))
      at = (at + 1) & (slots_.size() - 1);
    return slots_[at];
  }

  void grow() {
    slots_.assign(slots_.empty() ? 64 : 2 * slots_.size(), Slot{0, 0});
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      const std::uint64_t hash = hash_of(keys_[i]);
      find(hash, [](std::uint32_t) { return false; }) = {static_cast<std::uint32_t>(hash >> 32),
                                                         static_cast<std::uint32_t>(i + 1)};
    }
  }

  std::vector<Key> keys_;
  std::vector<Slot> slots_;
};

}  // namespace seesaw::io
