# How the house is built: one static library per folder of src/, one test program per folder of tests/,
# and tables generated from sorted file names, so that adding a pass, metric or subcommand is one new file.

find_program(EDGEOPT_CCACHE ccache)
if(EDGEOPT_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Without this, nothing that uses a precompiled header would be cached (ccache's manual, "Precompiled headers").
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_SLOPPINESS=pch_defines,time_macros ${EDGEOPT_CCACHE})
endif()

add_library(edgeopt_options INTERFACE)
# What g++ 12 reports of libstdc++'s own strings and optionals once it has inlined them (GCC bug 105651 and
# its like) is not so; clang-tidy and the sanitizers look for the real ones.
target_compile_options(edgeopt_options INTERFACE -Wall -Wextra -Wno-missing-field-initializers
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict;-Wno-array-bounds;-Wno-stringop-overflow;-Wno-stringop-overread;-Wno-maybe-uninitialized>)
target_include_directories(edgeopt_options INTERFACE ${CMAKE_SOURCE_DIR}/src ${CMAKE_BINARY_DIR}/generated)
if(EDGEOPT_SANITIZE)
  target_compile_options(edgeopt_options INTERFACE -fsanitize=${EDGEOPT_SANITIZE} -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  target_link_options(edgeopt_options INTERFACE -fsanitize=${EDGEOPT_SANITIZE})
endif()
if(EDGEOPT_FUZZERS)
  target_compile_options(edgeopt_options INTERFACE -fsanitize=fuzzer-no-link)
  target_link_options(edgeopt_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# edgeopt_module(NAME [ONLY regex] [EXCEPT regex] [DEPS target...]): library edgeopt_NAME from every .cc in the
# calling folder and its sub-folders whose path fits. DEPS names sibling modules (base) or third-party targets.
function(edgeopt_module name)
  cmake_parse_arguments(arg "" "ONLY;EXCEPT" "DEPS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  list(SORT sources)
  list(FILTER sources EXCLUDE REGEX "/main\\.cc$")
  if(arg_ONLY)
    list(FILTER sources INCLUDE REGEX ${arg_ONLY})
  endif()
  if(arg_EXCEPT)
    list(FILTER sources EXCLUDE REGEX ${arg_EXCEPT})
  endif()
  if(sources)
    add_library(edgeopt_${name} STATIC ${sources})
    set(scope PUBLIC)
  else()
    add_library(edgeopt_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  # Most of the time goes into headers and templates that files of a module share, so some are compiled at a
  # time. A name may then stand in the anonymous namespace of one file of the module only.
  set_target_properties(edgeopt_${name} PROPERTIES UNITY_BUILD ${EDGEOPT_BATCH_BUILD})
  target_link_libraries(edgeopt_${name} ${scope} edgeopt_options)
  foreach(dep ${arg_DEPS})
    if(TARGET edgeopt_${dep})
      target_link_libraries(edgeopt_${name} ${scope} edgeopt_${dep})
    else()
      target_link_libraries(edgeopt_${name} ${scope} ${dep})
    endif()
  endforeach()
endfunction()

# edgeopt_cold(TARGET): nothing in it runs for long, so the optimizer takes it easy.
function(edgeopt_cold target)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
endfunction()

# edgeopt_precompile(TARGET HEADER): what most of its files include, for builds from scratch. HEADER is below
# src/, or <header> of a library. ccache needs the option.
function(edgeopt_precompile target header)
  if(NOT EDGEOPT_BATCH_BUILD)
    return()
  endif()
  if(NOT header MATCHES "^<")
    set(header ${CMAKE_SOURCE_DIR}/src/${header})
  endif()
  target_precompile_headers(${target} PRIVATE ${header})
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
endfunction()

# edgeopt_table(MODULE TYPE HEADER FILE...): generates <MODULE>_table.cc with
#   std::span<const TYPE> edgeopt::MODULE::Table()
# from one function `TYPE file_name()` in namespace edgeopt::MODULE per FILE (sorted). A second table of
# a module has its own namespace: MODULE/INNER is edgeopt::MODULE::INNER.
function(edgeopt_table module type header)
  string(REGEX MATCH "^[^/]+" library ${module})
  string(REPLACE "/" "::" namespace ${module})
  string(REPLACE "/" "_" table ${module})
  set(files ${ARGN})
  list(SORT files)
  set(declarations "")
  set(rows "")
  foreach(file ${files})
    get_filename_component(stem ${file} NAME_WE)
    string(APPEND declarations "${type} ${stem}();\n")
    string(APPEND rows "      ${stem}(),\n")
  endforeach()
  set(text "// Generated from the file names; see cmake/edgeopt.cmake.\n#include \"${header}\"\n
namespace edgeopt::${namespace} {
${declarations}
std::span<const ${type}> Table() {
  static const ${type} kTable[] = {
${rows}  };
  return kTable;
}
}  // namespace edgeopt::${namespace}\n")
  set(output ${CMAKE_BINARY_DIR}/generated/${table}_table.cc)
  file(CONFIGURE OUTPUT ${output} CONTENT "${text}" @ONLY)
  target_sources(edgeopt_${library} PRIVATE ${output})
  # The rows of a table use the same names in their anonymous namespaces; what they share is headers.
  set_source_files_properties(${files} ${output} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

# edgeopt_embed(MODULE HEADER FILE...): generates <MODULE>_embedded.cc with
#   std::span<const EmbeddedFile> edgeopt::MODULE::EmbeddedFiles()
# of the FILEs' texts (sorted) under their paths below the calling folder. HEADER declares both, EmbeddedFile
# with the members path and text.
function(edgeopt_embed module header)
  set(files ${ARGN})
  list(SORT files)
  set(rows "")
  foreach(file ${files})
    file(RELATIVE_PATH name ${CMAKE_CURRENT_SOURCE_DIR} ${file})
    file(READ ${file} text)
    string(APPEND rows "      {\"${name}\", R\"embedded_file(${text})embedded_file\"},\n")
  endforeach()
  # The texts change without CMake's lists: it has to run again.
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${files})
  set(output ${CMAKE_BINARY_DIR}/generated/${module}_embedded.cc)
  file(CONFIGURE OUTPUT ${output} CONTENT "// Generated from the files' texts; see cmake/edgeopt.cmake.
#include \"${header}\"

std::span<const edgeopt::${module}::EmbeddedFile> edgeopt::${module}::EmbeddedFiles() {
  static const EmbeddedFile kFiles[] = {
@rows@  };
  return kFiles;
}
" @ONLY)
  target_sources(edgeopt_${module} PRIVATE ${output})
  set_source_files_properties(${output} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

# edgeopt_test(MODULE [DEPS ...]): program test_MODULE from every *_test.cc of tests/MODULE.
function(edgeopt_test module)
  cmake_parse_arguments(arg "" "" "DEPS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${module}/*.cc)
  list(SORT sources)
  list(FILTER sources EXCLUDE REGEX "_fuzz\\.cc$")
  if(NOT sources)
    return()
  endif()
  add_executable(test_${module} ${sources})
  target_include_directories(test_${module} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  target_compile_definitions(test_${module} PRIVATE EDGEOPT_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
    EDGEOPT_BINARY_DIR="${CMAKE_BINARY_DIR}" EDGEOPT_DEPS_DIR="${EDGEOPT_DEPS_DIR}")
  target_link_libraries(test_${module} PRIVATE edgeopt_${module} GTest::gtest GTest::gtest_main)
  foreach(dep ${arg_DEPS})
    if(TARGET edgeopt_${dep})
      target_link_libraries(test_${module} PRIVATE edgeopt_${dep})
    else()
      target_link_libraries(test_${module} PRIVATE ${dep})
    endif()
  endforeach()
  # For fewer files the header would take longer than it saves.
  list(LENGTH sources files)
  if(files GREATER 5)
    edgeopt_precompile(test_${module} <gtest/gtest.h>)
  endif()
  edgeopt_cold(test_${module})
  add_test(NAME ${module} COMMAND test_${module})
endfunction()

# edgeopt_fuzz(FILE): FILE is <name>_fuzz.cc with an LLVMFuzzerTestOneInput; its seeds are in corpus/<name>.
# With EDGEOPT_FUZZERS it becomes the libFuzzer program fuzz_<name>. Otherwise it becomes the test
# test_fuzz_<name>, which replays the seeds, so that a crash once found stays mended. Links the module
# that the first word of its name is, else everything.
function(edgeopt_fuzz file)
  get_filename_component(stem ${file} NAME_WE)
  string(REGEX REPLACE "_fuzz$" "" name ${stem})
  string(REGEX MATCH "^[^_]+" module ${name})
  if(NOT TARGET edgeopt_${module})
    set(module pipeline)
  endif()
  if(EDGEOPT_FUZZERS)
    set(program fuzz_${name})
    add_executable(${program} EXCLUDE_FROM_ALL ${file})
    target_link_options(${program} PRIVATE -fsanitize=fuzzer)
    add_dependencies(fuzzers ${program})
  else()
    set(program test_fuzz_${name})
    add_executable(${program} ${file} ${CMAKE_CURRENT_SOURCE_DIR}/replay.cc)
    target_compile_definitions(${program} PRIVATE
      EDGEOPT_CORPUS="${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name}")
    target_link_libraries(${program} PRIVATE GTest::gtest GTest::gtest_main)
    add_test(NAME fuzz_${name} COMMAND ${program})
  endif()
  target_link_libraries(${program} PRIVATE edgeopt_${module})
endfunction()
