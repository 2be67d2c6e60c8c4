#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

#include "seesaw/types.hpp"

namespace seesaw {

/// "1.5 GiB": a size for a person.
std::string bytes_text(std::int64_t bytes);

namespace detail {
/// rows * cols. Throws ShapeError where one of them is negative, OutOfMemory where so many elements of `element_bytes`
/// each are more than any memory has addresses for.
index_t element_count(index_t rows, index_t cols, std::size_t element_bytes);
}  // namespace detail

}  // namespace seesaw
