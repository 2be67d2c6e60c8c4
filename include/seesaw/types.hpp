#pragma once
#include <cstdint>

namespace seesaw {

using index_t = std::int64_t;   ///< rows, columns, ranks and every product of them
using offset_t = std::int64_t;  ///< a position among the entries of a sparse matrix
using column_t = std::int32_t;  ///< an index stored with an entry

}  // namespace seesaw
