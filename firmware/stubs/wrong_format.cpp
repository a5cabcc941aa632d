// Compiles everywhere but on the board, where a uint32_t is no int: the type check must refuse it.
#include <cstdint>
#include <cstdio>

void print(uint32_t value) { std::printf("%u", value); }
