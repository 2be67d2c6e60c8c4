#include "kernel_name.hpp"

#include <cxxabi.h>
#include <dlfcn.h>
#include <elf.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <vector>

namespace host_cuda {
namespace {

std::string demangled(const char* symbol) {
  const std::unique_ptr<char, void (*)(void*)> name(abi::__cxa_demangle(symbol, nullptr, nullptr, nullptr), std::free);
  return name ? name.get() : symbol;
}

/// The function `offset` bytes into the loaded file `image`, by its symbol table: kernels have internal linkage
/// often, so the dynamic linker (dladdr) does not know them.
std::string symbol_at(const std::vector<char>& image, std::uintptr_t offset) {
  const auto* header = reinterpret_cast<const Elf64_Ehdr*>(image.data());
  const auto* sections = reinterpret_cast<const Elf64_Shdr*>(image.data() + header->e_shoff);
  for (int s = 0; s < header->e_shnum; ++s) {
    const Elf64_Shdr& table = sections[s];
    if (table.sh_type != SHT_SYMTAB) continue;
    const char* names = image.data() + sections[table.sh_link].sh_offset;
    const auto* symbols = reinterpret_cast<const Elf64_Sym*>(image.data() + table.sh_offset);
    for (std::size_t i = 0; i < table.sh_size / sizeof(Elf64_Sym); ++i)
      if (ELF64_ST_TYPE(symbols[i].st_info) == STT_FUNC && symbols[i].st_value == offset)
        return demangled(names + symbols[i].st_name);
  }
  return {};
}

}  // namespace

std::string kernel_name(const void* address) {
  Dl_info info{};
  if (dladdr(address, &info) != 0 && info.dli_fname != nullptr) {
    if (info.dli_sname != nullptr && info.dli_saddr == address) return demangled(info.dli_sname);
    // The main program's name may be relative to a directory left since.
    std::ifstream file(info.dli_fname, std::ios::binary);
    if (!file) file.open("/proc/self/exe", std::ios::binary);
    const std::vector<char> image{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    const auto base = reinterpret_cast<std::uintptr_t>(info.dli_fbase);
    if (image.size() > sizeof(Elf64_Ehdr)) {
      const bool relocated = reinterpret_cast<const Elf64_Ehdr*>(image.data())->e_type == ET_DYN;
      const std::string name = symbol_at(image, reinterpret_cast<std::uintptr_t>(address) - (relocated ? base : 0));
      if (!name.empty()) return name;
    }
  }
  char text[32];
  std::snprintf(text, sizeof text, "at %p", address);
  return text;
}

}  // namespace host_cuda
