#pragma once
#include <string>
#include <unordered_map>

namespace seesaw::cli {

/// Titles of items by id, from the first two fields of each line of a file: MovieLens u.item, movies.dat and
/// movies.csv, RecBole's .item and the like, plain or gzip. Lines that are not UTF-8 are taken for Latin-1; titles come
/// as UTF-8. Throws IoError, ParseError.
std::unordered_map<std::string, std::string> read_titles(const std::string& path);

}  // namespace seesaw::cli
