# One static library a folder. Its links are its row in the layer table of docs/architecture.md.

# Reading headers is a third of a cold build under ASan+UBSan, so there the common ones are read once. Other builds read them
# file by file, and notice an include that is missing.
if(FERMATA_SANITIZE MATCHES undefined AND CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  set(FERMATA_HEADERS_ONCE ON)
endif()

# fermata_compile_together(TARGET): eight files of a folder as one, where a cold build counts: it halves its time. So the names
# in unnamed namespaces are unique within a folder. Turn FERMATA_TOGETHER off while you work on one file.
option(FERMATA_TOGETHER "Compile the files of a folder together under ASan+UBSan" ON)
function(fermata_compile_together target)
  if(NOT FERMATA_HEADERS_ONCE OR NOT FERMATA_TOGETHER)
    return()
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  # A class that keeps a type of its own file is no mistake, though it looks like one from here.
  target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
  get_target_property(sources ${target} SOURCES)
  foreach(source ${sources})
    cmake_path(GET source PARENT_PATH folder)
    cmake_path(GET folder FILENAME folder)
    string(MAKE_C_IDENTIFIER "of_${folder}" folder)
    math(EXPR group_${folder} "${group_${folder}} + 1")
    math(EXPR group "${group_${folder}} / 8")
    set_source_files_properties(${source} PROPERTIES UNITY_GROUP ${folder}_${group})
  endforeach()
endfunction()

# fermata_library(NAME [APART] [LINKS target...] [PRIVATE_LINKS target...])
# Every .cc in this folder (and in the folders named by SUBFOLDERS) belongs to it. APART: its files use the same names.
function(fermata_library name)
  cmake_parse_arguments(ARG "APART" "" "LINKS;PRIVATE_LINKS;SUBFOLDERS" ${ARGN})
  set(globs ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  foreach(folder ${ARG_SUBFOLDERS})
    list(APPEND globs ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cc)
  endforeach()
  file(GLOB sources CONFIGURE_DEPENDS ${globs})
  if(NOT sources)
    add_library(${name} INTERFACE)
    target_include_directories(${name} INTERFACE ${CMAKE_SOURCE_DIR})
    target_link_libraries(${name} INTERFACE ${ARG_LINKS})
    return()
  endif()
  add_library(${name} STATIC ${sources})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${ARG_LINKS} PRIVATE ${ARG_PRIVATE_LINKS})
  if(NOT ARG_APART)
    fermata_compile_together(${name})
  endif()
endfunction()

# fermata_compile_quickly(TARGET...): no optimisation under sanitizers, for large code whose speed no test needs.
function(fermata_compile_quickly)
  if(FERMATA_SANITIZE)
    foreach(target ${ARGN})
      target_compile_options(${target} PRIVATE -O0)
    endforeach()
  endif()
endfunction()

set(FERMATA_STANDARD_HEADERS <algorithm> <atomic> <chrono> <cstdint> <deque> <filesystem> <functional> <map> <memory> <mutex> <optional>
  <ostream> <set> <sstream> <string> <string_view> <thread> <unordered_map> <utility> <variant> <vector>)
set(FERMATA_MODEL_HEADERS command.h definition.h effect.h limits.h value.h)
list(TRANSFORM FERMATA_MODEL_HEADERS PREPEND ${CMAKE_SOURCE_DIR}/engine/model/)

# fermata_headers(NAME HEADERS header... [LINKS target...] [OPTIONS option...]): headers read once, by NAME's targets.
function(fermata_headers name)
  if(FERMATA_HEADERS_ONCE)
    cmake_parse_arguments(ARG "" "" "HEADERS;LINKS;OPTIONS" ${ARGN})
    add_library(${name} OBJECT ${CMAKE_SOURCE_DIR}/cmake/headers.cc)
    target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
    target_link_libraries(${name} PRIVATE ${ARG_LINKS})
    target_compile_options(${name} PRIVATE ${ARG_OPTIONS})
    target_precompile_headers(${name} PRIVATE ${ARG_HEADERS})
  endif()
endfunction()

# fermata_read_once(NAME TARGET...): these targets take the headers of fermata_headers(NAME). Their options must be the same.
function(fermata_read_once name)
  if(FERMATA_HEADERS_ONCE)
    foreach(target ${ARGN})
      target_precompile_headers(${target} REUSE_FROM ${name})
    endforeach()
  endif()
endfunction()

# fermata_test_code(TARGET): settings of every program and library below tests/. Under ASan+UBSan their own code is compiled
# quickly (most of a cold build is tests); what they test keeps every check. Call it after target_link_libraries.
function(fermata_test_code target)
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR})
  target_compile_definitions(${target} PRIVATE FERMATA_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  if(FERMATA_SANITIZE MATCHES undefined)
    target_compile_options(${target} PRIVATE -O0 -fno-sanitize=undefined)
    if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
      target_compile_options(${target} PRIVATE -fno-sanitize-address-use-after-scope)
      get_target_property(links ${target} LINK_LIBRARIES)
      if(GTest::gtest IN_LIST links)
        fermata_read_once(fermata_test_headers ${target})
      endif()
    endif()
  endif()
  fermata_compile_together(${target})
endfunction()

# fermata_test(NAME [APART] [LINKS target...]): every *_test.cc in this folder, as one GoogleTest program. Its tests carry the
# folder's name below tests/ as their label (unit, storage, integration …). APART: its files use the same names.
function(fermata_test name)
  cmake_parse_arguments(ARG "APART" "" "LINKS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*_test.cc)
  if(NOT sources)
    return()
  endif()
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE ${ARG_LINKS} GTest::gtest GTest::gmock GTest::gtest_main)
  fermata_test_code(${name})
  if(ARG_APART)
    set_target_properties(${name} PROPERTIES UNITY_BUILD OFF)
  endif()
  cmake_path(RELATIVE_PATH CMAKE_CURRENT_SOURCE_DIR BASE_DIRECTORY ${CMAKE_SOURCE_DIR}/tests OUTPUT_VARIABLE label)
  string(REGEX REPLACE "/.*" "" label ${label})
  gtest_discover_tests(${name} NO_PRETTY_VALUES DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 300 LABELS ${label})
endfunction()
