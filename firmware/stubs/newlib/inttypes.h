// STUB: the formats that go with stdint-uintn.h.
#pragma once

#include_next <inttypes.h>

#undef PRIu32
#undef PRId32
#undef PRIx32
#define PRIu32 "lu"
#define PRId32 "ld"
#define PRIx32 "lx"
