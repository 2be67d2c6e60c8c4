#include "cpu/simd.hpp"

#include <cstdint>
#include <cstdlib>

#include "seesaw/errors.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/simd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace seesaw::cpu::HWY_NAMESPACE {

const char* target_name() { return hwy::TargetName(HWY_TARGET); }

}  // namespace seesaw::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace seesaw::cpu {

HWY_EXPORT(target_name);

namespace {

/// Bits of the targets of simd_targets(); lower bits are better ones.
std::vector<std::int64_t> available() {
  std::vector<std::int64_t> bits;
  const auto left = static_cast<std::uint64_t>(hwy::SupportedTargets() & HWY_TARGETS);
  for (std::uint64_t rest = left; rest != 0; rest &= rest - 1) bits.push_back(static_cast<std::int64_t>(rest & -rest));
  return bits;
}

}  // namespace

std::vector<std::string> simd_targets() {
  std::vector<std::string> names;
  for (const std::int64_t bit : available()) names.emplace_back(hwy::TargetName(bit));
  return names;
}

void choose_simd_target() {
  const std::vector<std::int64_t> bits = available();
  const char* const wanted = std::getenv("SEESAW_SIMD");
  if (wanted == nullptr) {
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    return;
  }
  std::string names;
  for (const std::int64_t bit : bits) {
    if (std::string(hwy::TargetName(bit)) == wanted) {
      hwy::GetChosenTarget().Update(bit);
      return;
    }
    names += std::string(names.empty() ? "" : ", ") + hwy::TargetName(bit);
  }
  throw InvalidArgument("SEESAW_SIMD is \"" + std::string(wanted) + "\", expected one of " + names);
}

const char* simd_target() { return HWY_DYNAMIC_DISPATCH(target_name)(); }

}  // namespace seesaw::cpu
#endif
