# Compiler settings that hold for every target.

option(FERMATA_TESTS "Build the tests" ON)
option(FERMATA_FUZZ "Build the fuzz targets (clang only)" OFF)
set(FERMATA_SANITIZE "" CACHE STRING "Sanitizers, as for -fsanitize: 'address,undefined' or 'thread'")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wno-missing-field-initializers -fno-omit-frame-pointer)
if(FERMATA_SANITIZE)
  add_compile_options(-fsanitize=${FERMATA_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${FERMATA_SANITIZE})
  if(FERMATA_SANITIZE MATCHES undefined)
    # A check at each access to a member costs a third of the compile time, and ASan stops at most of what it would find.
    add_compile_options(-fno-sanitize=null,alignment,object-size)
  endif()
endif()
if(FERMATA_FUZZ)
  # Coverage in every library; the programs of tests/fuzz link the driver.
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
