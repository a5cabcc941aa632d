// Reads the JSON files that the Python tests read too.
#pragma once

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "json_reader.h"

namespace ct {

inline std::string read_text_file(const char* name) {
  std::ifstream file(name, std::ios::binary);
  REQUIRE_MESSAGE(file.good(), "cannot read ", name);
  std::ostringstream all;
  all << file.rdbuf();
  return all.str();
}

inline std::string text_of(const Json& value, size_t capacity = 70'000) {
  std::string text(capacity, '\0');
  REQUIRE(value.as_text(text.data(), capacity));
  text.resize(text.find('\0'));
  return text;
}

inline double number_of(const Json& value) {
  double number = 0;
  REQUIRE(value.as_number(number));
  return number;
}

inline int64_t integer_of(const Json& value) {
  int64_t number = 0;
  REQUIRE(value.as_integer(-(int64_t{1} << 53), int64_t{1} << 53, number));
  return number;
}

}  // namespace ct
