// STUB: see stdint-uintn.h.
#ifndef _BITS_STDINT_INTN_H
#define _BITS_STDINT_INTN_H 1

typedef signed char int8_t;
typedef short int16_t;
typedef long int32_t;
typedef long long int64_t;

#endif
