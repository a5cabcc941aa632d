// The page of the board's own Wi-Fi. Written piece by piece, so that it never stands in memory as a whole; every value
// escaped, secrets never written.
#pragma once

#include <cstddef>

#include "json_reader.h"

namespace ct {

class PageSink {
 public:
  virtual ~PageSink() = default;
  virtual void write(const char* bytes, size_t size) = 0;
};

// For text and for attributes in double quotes.
void write_escaped(PageSink& page, const char* text);
// `entered`: the settings kept or, after an error, what was just sent. `token`: what a form has to bring along
// to be taken. `error` null: nothing was wrong.
void write_portal_form(PageSink& page, const Json& entered, const char* token, const char* error);
void write_portal_done(PageSink& page, const char* device_id);

}  // namespace ct
