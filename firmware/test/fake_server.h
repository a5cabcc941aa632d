// The server as a device sees it: takes readings, remembers what it has, answers with `committed`.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>

#include "json_reader.h"
#include "vector_file.h"

namespace ct {

class FakeServer {
 public:
  using Seqs = std::set<uint32_t>;

  // Stores what is new; gives the answer, or "" for a message that it cannot read.
  std::string receive(const std::string& payload) {
    const Json message = Json::parse(payload.data(), payload.size());
    REQUIRE(message.exists());
    const uint32_t stream = static_cast<uint32_t>(integer_of(message["stream"]));
    std::string ranges;
    size_t at = 0;
    for (Json item; message["readings"].next(at, item);) {
      const uint32_t seq = static_cast<uint32_t>(integer_of(item["seq"]));
      const uint32_t from = item["seq_from"].exists() ? static_cast<uint32_t>(integer_of(item["seq_from"])) : seq;
      for (uint32_t one = from; one <= seq; ++one) {
        if (!stored[stream].insert(one).second) ++duplicate_count;
        flags[{stream, one}] = integer_of(item["flags"]);
      }
      ranges += (ranges.empty() ? "[" : ",[") + std::to_string(from) + "," + std::to_string(seq) + "]";
    }
    ++message_count;
    return "{\"v\":1,\"stream\":" + std::to_string(stream) + ",\"ranges\":[" + ranges + "],\"refused\":[]}";
  }

  std::map<uint32_t, Seqs> stored;
  std::map<std::pair<uint32_t, uint32_t>, int64_t> flags;
  int duplicate_count = 0, message_count = 0;
};

inline size_t readings_in(const std::string& payload) {
  size_t at = 0, count = 0;
  const Json message = Json::parse(payload.data(), payload.size());
  for (Json item; message["readings"].next(at, item);) ++count;
  return count;
}

inline bool names_seq(const std::string& payload, uint32_t seq) {
  return payload.find("\"seq\":" + std::to_string(seq) + ",") != std::string::npos;
}

}  // namespace ct
