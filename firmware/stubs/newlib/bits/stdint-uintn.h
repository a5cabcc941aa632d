// STUB: as on the board's compiler, where a 32-bit integer is a long and not an int. Stands before glibc's own header,
// so that printf formats and overloads that only fit this machine are found here and not by whoever builds the board.
#ifndef _BITS_STDINT_UINTN_H
#define _BITS_STDINT_UINTN_H 1

typedef unsigned char uint8_t;
typedef unsigned short uint16_t;
typedef unsigned long uint32_t;
typedef unsigned long long uint64_t;

#endif
