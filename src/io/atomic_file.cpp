#include "seesaw/io/atomic_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "file_text.hpp"
#include "seesaw/errors.hpp"

namespace seesaw {
namespace {

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

/// Where a chain of symbolic links ends.
std::string resolved(const std::string& path) {
  char* const real = ::realpath(path.c_str(), nullptr);
  if (real == nullptr) return path;
  std::string target = real;
  std::free(real);
  return target;
}

/// The rename itself is on the disk only when the folder is.
void flush_folder(const std::string& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;  // a folder that may be written but not read
  ::fsync(descriptor);
  ::close(descriptor);
}

}  // namespace

AtomicFile::AtomicFile(const std::string& path) : path_(path), target_(resolved(path)) {
  struct stat status {};
  const bool exists = ::stat(target_.c_str(), &status) == 0;
  if (exists && S_ISDIR(status.st_mode)) throw IoError(path_ + ": is a directory, expected a file");
  if (exists && !S_ISREG(status.st_mode)) throw IoError(path_ + ": is not a regular file, so it cannot be replaced");
  constexpr int kTries = 1000;
  for (int number = 0; descriptor_ < 0; ++number) {
    temporary_ = target_ + "." + std::to_string(::getpid()) + "-" + std::to_string(number) + ".tmp";
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ < 0 && (errno != EEXIST || number == kTries))
      throw IoError(io::system_message(path_, "cannot be written", errno));
  }
  if (exists && ::fchmod(descriptor_, status.st_mode & 07777) != 0) {
    const int error = errno;
    ::close(descriptor_);
    ::unlink(temporary_.c_str());
    throw IoError(io::system_message(path_, "its permissions cannot be kept", error));
  }
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw IoError(io::system_message(path_, "cannot be written", errno));
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void AtomicFile::commit() {
  if (::fsync(descriptor_) != 0) throw IoError(io::system_message(path_, "cannot be flushed to the disk", errno));
  const int closed = ::close(descriptor_);
  descriptor_ = -1;
  if (closed != 0) throw IoError(io::system_message(path_, "cannot be closed", errno));
  if (std::rename(temporary_.c_str(), target_.c_str()) != 0)
    throw IoError(io::system_message(path_, "cannot be put in place", errno));
  temporary_.clear();
  flush_folder(folder_of(target_));
}

}  // namespace seesaw
