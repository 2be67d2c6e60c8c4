#pragma once
// AddressSanitizer's interface, which does nothing in a build without it.
#include <cstddef>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace host_cuda {

#ifdef __SANITIZE_ADDRESS__
inline constexpr bool kAddressSanitizer = true;
inline void poison(const void* p, std::size_t bytes) { __asan_poison_memory_region(p, bytes); }
inline void unpoison(const void* p, std::size_t bytes) { __asan_unpoison_memory_region(p, bytes); }
inline void start_switch(void** saved, const void* stack, std::size_t bytes) {
  __sanitizer_start_switch_fiber(saved, stack, bytes);
}
inline void finish_switch(void* saved, const void** left_stack, std::size_t* left_bytes) {
  __sanitizer_finish_switch_fiber(saved, left_stack, left_bytes);
}
#else
inline constexpr bool kAddressSanitizer = false;
inline void poison(const void*, std::size_t) {}
inline void unpoison(const void*, std::size_t) {}
inline void start_switch(void**, const void*, std::size_t) {}
inline void finish_switch(void*, const void**, std::size_t*) {}
#endif

}  // namespace host_cuda
