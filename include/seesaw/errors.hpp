#pragma once
#include <stdexcept>
#include <string>

namespace seesaw {

/// Everything the library throws on purpose. The message says which argument or file, its value and what was expected.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Sizes of arguments do not fit together.
class ShapeError : public Error {
 public:
  using Error::Error;
};

/// An argument has a value that its contract excludes.
class InvalidArgument : public Error {
 public:
  using Error::Error;
};

/// The backend asked for was not built in, or has no device here.
class BackendUnavailable : public Error {
 public:
  using Error::Error;
};

/// A call of the CUDA runtime, cuBLAS or cuSOLVER failed.
class CudaError : public Error {
 public:
  using Error::Error;
};

/// Host or device memory ran out, or would.
class OutOfMemory : public Error {
 public:
  using Error::Error;
};

/// A file could not be opened, read or written.
class IoError : public Error {
 public:
  using Error::Error;
};

/// The contents of a file are not what its format says; the message begins with the file, and its line where it has
/// any.
class ParseError : public IoError {
 public:
  using IoError::IoError;
};

}  // namespace seesaw
