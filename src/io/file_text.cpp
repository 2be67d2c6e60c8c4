#include "file_text.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <system_error>

#include "seesaw/errors.hpp"

namespace seesaw::io {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

void read_all(const std::string& path, int descriptor, Bytes& bytes) {
  for (;;) {
    char* const to = bytes.room(1 << 16);
    const ssize_t count = ::read(descriptor, to, bytes.room_size());
    if (count == 0) return;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw IoError(system_message(path, "cannot be read", errno));
    bytes.grow(static_cast<std::size_t>(count));
  }
}

bool is_gzip(std::string_view bytes) { return bytes.size() >= 2 && bytes[0] == '\x1f' && bytes[1] == '\x8b'; }

class Inflater {
 public:
  Inflater() {
    constexpr int kGzipOnly = 16;
    if (inflateInit2(&stream_, kGzipOnly + MAX_WBITS) != Z_OK) throw OutOfMemory("no memory for reading gzip");
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  /// One member of a gzip file; gives what follows it.
  std::string_view member(const std::string& path, std::string_view packed, Bytes& bytes) {
    inflateReset(&stream_);
    for (int status = Z_OK; status != Z_STREAM_END;) {
      const auto in = static_cast<uInt>(std::min<std::size_t>(packed.size(), kMostAtOnce));
      char* const to = bytes.room(std::max<std::size_t>(1 << 16, 3 * static_cast<std::size_t>(in)));
      const auto out = static_cast<uInt>(std::min<std::size_t>(bytes.room_size(), kMostAtOnce));
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
      stream_.avail_in = in;
      stream_.next_out = reinterpret_cast<Bytef*>(to);
      stream_.avail_out = out;
      status = inflate(&stream_, Z_NO_FLUSH);
      packed.remove_prefix(in - stream_.avail_in);
      bytes.grow(out - stream_.avail_out);
      if (status == Z_MEM_ERROR) throw OutOfMemory(path + ": no memory for reading gzip");
      if (status == Z_BUF_ERROR && packed.empty())
        throw IoError(path + ": the gzip data is truncated, after " + std::to_string(bytes.view().size()) +
                      " bytes of text");
      if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
        throw IoError(path + ": the gzip data is damaged, after " + std::to_string(bytes.view().size()) +
                      " bytes of text (" + (stream_.msg != nullptr ? stream_.msg : "zlib error") + ")");
    }
    return packed;
  }

 private:
  static constexpr std::size_t kMostAtOnce = 1 << 24;
  z_stream stream_{};
};

/// Members that stand one after the other, and zeros behind them, as gzip itself reads.
void inflate_all(const std::string& path, std::string_view packed, Bytes& bytes) {
  Inflater inflater;
  while (is_gzip(packed)) packed = inflater.member(path, packed, bytes);
  if (packed.find_first_not_of('\0') != std::string_view::npos)
    throw IoError(path + ": the gzip data is damaged: " + std::to_string(packed.size()) +
                  " bytes at its end are something else");
}

}  // namespace

std::string system_message(const std::string& path, const std::string& what, int error) {
  return path + ": " + what + ": " + std::generic_category().message(error);
}

Bytes::~Bytes() { std::free(data_); }

char* Bytes::room(std::size_t more) {
  if (capacity_ - size_ < more) {
    const std::size_t wanted = std::max(capacity_ + capacity_ / 2, size_ + more);
    void* const moved = std::realloc(data_, wanted);
    if (moved == nullptr) throw OutOfMemory("no " + std::to_string(wanted) + " bytes of host memory for a file's text");
    data_ = static_cast<char*>(moved);
    capacity_ = wanted;
  }
  return data_ + size_;
}

Mapping::Mapping(const std::string& path, int descriptor, std::size_t size) : size_(size) {
  data_ = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  if (data_ == MAP_FAILED) throw IoError(system_message(path, "cannot be mapped into memory", errno));
}

Mapping::~Mapping() { ::munmap(data_, size_); }

FileText::FileText(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.number() < 0) throw IoError(system_message(path, "cannot be opened", errno));
  read(path, file.number());
}

FileText::FileText(const std::string& path, int descriptor) { read(path, descriptor); }

void FileText::release(std::string_view part) const {
  if (!mapping_) return;
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto first = reinterpret_cast<std::uintptr_t>(part.data()), last = first + part.size();
  const std::uintptr_t begin = (first + page - 1) / page * page, end = last / page * page;
  if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

void FileText::read(const std::string& path, int descriptor) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) throw IoError(system_message(path, "cannot be opened", errno));
  if (S_ISDIR(status.st_mode)) throw IoError(path + ": is a directory, expected a file");
  const bool whole = S_ISREG(status.st_mode) && ::lseek(descriptor, 0, SEEK_CUR) == 0;  // nothing of it was read
  if (whole && status.st_size > 0) {
    mapping_ = std::make_unique<Mapping>(path, descriptor, static_cast<std::size_t>(status.st_size));
    view_ = mapping_->view();
  } else {
    bytes_ = std::make_unique<Bytes>();
    read_all(path, descriptor, *bytes_);
    view_ = bytes_->view();
  }
  if (!is_gzip(view_)) return;
  auto inflated = std::make_unique<Bytes>();
  inflate_all(path, view_, *inflated);
  view_ = inflated->view();
  bytes_ = std::move(inflated);
  mapping_.reset();
}

}  // namespace seesaw::io
