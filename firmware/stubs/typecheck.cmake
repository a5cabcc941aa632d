# Every file of src/ against the stub headers, for both generations of the Arduino core and both chips, and the portable
# core with the board's types: names, types and printf formats, not behaviour. A board binary needs PlatformIO's registry; see ../docs/board.md.
include(CheckCXXSourceCompiles)
set(CMAKE_REQUIRED_FLAGS -m32)
check_cxx_source_compiles("#include <cstdint>\n#include <string>\nint main() { return sizeof(long) == 4 ? 0 : 1; }" HAS_M32)
unset(CMAKE_REQUIRED_FLAGS)

file(GLOB SHELL_SOURCES CONFIGURE_DEPENDS src/*.cpp)
set(BOARD_FLAGS -fsyntax-only -Wall -Wextra -Werror -Wshadow -Wformat=2 -fno-rtti
    -I${CMAKE_CURRENT_SOURCE_DIR}/lib/core/src -I${CMAKE_CURRENT_SOURCE_DIR}/src)
set(STUBS ${CMAKE_CURRENT_LIST_DIR})
if(HAS_M32)
  # As on the chip: 32 bits, and uint32_t a long.
  list(APPEND BOARD_FLAGS -m32 -isystem ${STUBS}/newlib)
else()
  message(WARNING "no 32-bit compiler (apt-get install g++-multilib): the board's types are checked with 64 bits")
endif()

function(board_typecheck name)
  add_test(NAME board_typecheck_${name} COMMAND ${CMAKE_CXX_COMPILER} ${BOARD_FLAGS} ${ARGN})
endfunction()

set(STANDARD_2 -std=gnu++17)  # of platformio.ini
set(STANDARD_3 -std=gnu++2b)  # of the core itself
foreach(generation 2 3)
  foreach(chip ESP32 ESP32S3)
    board_typecheck(${generation}_${chip} ${STANDARD_${generation}} -DARDUINO_GENERATION=${generation} -DCONFIG_IDF_TARGET_${chip}=1
      -I${STUBS}/arduino${generation} -I${STUBS}/common ${SHELL_SOURCES})
  endforeach()
endforeach()
board_typecheck(core_2 ${STANDARD_2} ${CORE_SOURCES})
board_typecheck(core_3 ${STANDARD_3} ${CORE_SOURCES})
if(HAS_M32)
  # What the check is for must be found by it.
  board_typecheck(finds_wrong_format ${STANDARD_2} ${STUBS}/wrong_format.cpp)
  set_tests_properties(board_typecheck_finds_wrong_format PROPERTIES PASS_REGULAR_EXPRESSION "Werror[=,].*format")
endif()

if(DOCTEST_INCLUDE)
  include(${STUBS}/shell_tests.cmake)
endif()
