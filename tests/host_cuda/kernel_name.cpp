#include "kernel_name.hpp"

#include <cxxabi.h>
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>

namespace host_cuda {
namespace {

std::string demangled(const char* symbol) {
  const std::unique_ptr<char, void (*)(void*)> name(abi::__cxa_demangle(symbol, nullptr, nullptr, nullptr), std::free);
  return name ? name.get() : symbol;
}

/// A file's bytes, mapped; none where it cannot be read.
class MappedFile {
 public:
  explicit MappedFile(const char* path) {
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status {};
    if (file >= 0 && fstat(file, &status) == 0) {
      size_ = static_cast<std::size_t>(status.st_size);
      bytes_ = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0);
    }
    if (file >= 0) close(file);
  }
  ~MappedFile() {
    if (readable()) munmap(bytes_, size_);
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  bool readable() const { return bytes_ != MAP_FAILED; }
  template <class T>
  const T* at(std::size_t offset) const {
    return reinterpret_cast<const T*>(static_cast<const std::byte*>(bytes_) + offset);
  }

 private:
  void* bytes_ = MAP_FAILED;
  std::size_t size_ = 0;
};

/// The function at `address` of a loaded ELF file, by its symbol table: kernels have internal linkage often, so the
/// dynamic linker (dladdr) does not know them.
std::string symbol_at(const MappedFile& image, std::uintptr_t base, std::uintptr_t address) {
  const auto* header = image.at<Elf64_Ehdr>(0);
  const std::uintptr_t value = header->e_type == ET_DYN ? address - base : address;
  const auto* sections = image.at<Elf64_Shdr>(header->e_shoff);
  for (int s = 0; s < header->e_shnum; ++s) {
    const Elf64_Shdr& table = sections[s];
    if (table.sh_type != SHT_SYMTAB) continue;
    const auto* symbols = image.at<Elf64_Sym>(table.sh_offset);
    for (std::size_t i = 0; i < table.sh_size / sizeof(Elf64_Sym); ++i)
      if (ELF64_ST_TYPE(symbols[i].st_info) == STT_FUNC && symbols[i].st_value == value)
        return demangled(image.at<char>(sections[table.sh_link].sh_offset + symbols[i].st_name));
  }
  return {};
}

}  // namespace

std::string kernel_name(const void* address) {
  Dl_info info{};
  if (dladdr(address, &info) != 0 && info.dli_fname != nullptr) {
    if (info.dli_sname != nullptr && info.dli_saddr == address) return demangled(info.dli_sname);
    // The main program's name may be relative to a directory left since.
    const MappedFile named(info.dli_fname), program("/proc/self/exe");
    const MappedFile& image = named.readable() ? named : program;
    if (image.readable()) {
      const std::string name =
          symbol_at(image, reinterpret_cast<std::uintptr_t>(info.dli_fbase), reinterpret_cast<std::uintptr_t>(address));
      if (!name.empty()) return name;
    }
  }
  char text[32];
  std::snprintf(text, sizeof text, "at %p", address);
  return text;
}

}  // namespace host_cuda
