# Settings and the few functions every folder's CMakeLists.txt uses.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_CXX_FLAGS_DEV "-O0")
set(CMAKE_C_FLAGS_DEV "-O0")

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()

add_compile_options(-Wall -Wextra -Wshadow -Werror -fno-plt
  $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor>)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  # gcc 12 sees overruns in std::vector's own copies once it inlines them (its bugs 105329, 105651).
  add_compile_options(-Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread
    -Wno-restrict -Wno-maybe-uninitialized)
else()
  add_compile_options(-Wno-deprecated-declarations)  # libstdc++ 12 inside its own stable_sort
endif()
add_compile_definitions(
  BOOST_DLL_USE_STD_FS BOOST_ERROR_CODE_HEADER_ONLY BOOST_ASIO_NO_DEPRECATED
  SPDLOG_COMPILED_LIB SPDLOG_FMT_EXTERNAL)
if(TILL_SANITIZE)
  add_compile_options(-fsanitize=${TILL_SANITIZE} -fno-omit-frame-pointer -g1)
  if(TILL_SANITIZE MATCHES thread AND CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    add_compile_options(-Wno-tsan)  # Asio's fences: it says itself that gcc cannot follow them
  endif()
  add_link_options(-fsanitize=${TILL_SANITIZE})
endif()
if(TILL_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -g1)
  add_link_options(-fsanitize=address,undefined)
  add_custom_target(fuzzers)  # all of them; till_fuzz adds each
endif()

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json)

# Everything includes from the root of the tree; an author's code includes <tillbridge/...>.
include_directories(${CMAKE_SOURCE_DIR})
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/include/tillbridge)
file(CREATE_LINK ${CMAKE_SOURCE_DIR}/sdk/cpp ${CMAKE_BINARY_DIR}/include/tillbridge/sdk SYMBOLIC)
file(GLOB headers CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}/sdk/include
  ${CMAKE_SOURCE_DIR}/sdk/include/tillbridge/*.h)
foreach(header IN LISTS headers)
  file(CREATE_LINK ${CMAKE_SOURCE_DIR}/sdk/include/${header} ${CMAKE_BINARY_DIR}/include/${header}
    SYMBOLIC)
endforeach()
include_directories(${CMAKE_BINARY_DIR}/include)

if(TILL_TESTS)
  enable_testing()
  find_package(GTest REQUIRED)
  # gtest is parsed once for all test programs.
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/test_pch.cpp CONTENT "int till_test_pch_anchor;\n")
  add_executable(till_test_pch EXCLUDE_FROM_ALL ${CMAKE_BINARY_DIR}/test_pch.cpp)
  target_link_libraries(till_test_pch PRIVATE GTest::gtest GTest::gtest_main fmt::fmt)
  target_precompile_headers(till_test_pch PRIVATE <gtest/gtest.h> <map> <optional> <string> <vector>)
endif()

# till_library(name SOURCES… LINK …): a static library of one folder.
function(till_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC fmt::fmt ${arg_LINK})
endfunction()

# till_test(name SOURCES… LINK … [LAUNCHER program]): one gtest program; it is one test to CTest,
# which starts it through the launcher if there is one.
function(till_test name)
  if(NOT TILL_TESTS)
    return()
  endif()
  cmake_parse_arguments(arg "" "LAUNCHER" "SOURCES;LINK;LABELS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_LINK} GTest::gtest GTest::gtest_main fmt::fmt)
  target_precompile_headers(${name} REUSE_FROM till_test_pch)
  add_test(NAME ${name} COMMAND ${arg_LAUNCHER} $<TARGET_FILE:${name}>)
  set_tests_properties(${name} PROPERTIES TIMEOUT 300)
  if(TILL_SANITIZE MATCHES thread)  # a race in a child ends it, and the test misses it
    set_tests_properties(${name} PROPERTIES ENVIRONMENT TSAN_OPTIONS=halt_on_error=1)
  endif()
endfunction()

# till_usb_test(name SOURCES… LINK …): a test with USB devices made in code, gateway/devices/fake_usb_*.
function(till_usb_test name)
  if(NOT TILL_TESTS)
    return()
  endif()
  find_program(UMOCKDEV_WRAPPER umockdev-wrapper)  # without it the test skips itself
  till_test(${name} ${ARGN} LAUNCHER $<$<BOOL:${UMOCKDEV_WRAPPER}>:${UMOCKDEV_WRAPPER}>)
  target_link_libraries(${name} PRIVATE till_fake_usb)
  # The wrapper preloads its library before the sanitizers', which do not see its locks.
  set_tests_properties(${name} PROPERTIES ENVIRONMENT
    "ASAN_OPTIONS=verify_asan_link_order=0;TSAN_OPTIONS=ignore_noninstrumented_modules=1")
endfunction()

# till_fuzz(name SOURCES… LINK …): one libFuzzer target; the fuzz preset builds it.
function(till_fuzz name)
  if(NOT TILL_FUZZ)
    return()
  endif()
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_LINK} fmt::fmt)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  add_dependencies(fuzzers ${name})
endfunction()

# The descriptor compiled into a plugin is its manifest's: one source for both.
function(till_manifest_definitions target)
  file(READ manifest.json manifest)
  foreach(key id name version)
    string(JSON value GET "${manifest}" ${key})
    string(TOUPPER ${key} upper)
    target_compile_definitions(${target} PRIVATE TILL_PLUGIN_${upper}="${value}")
  endforeach()
endfunction()

# till_plugin(name SOURCES… LINK …): a plugin beside its manifest, in build/…/lib/<name>/.
# With TEST, its test program is made too: the same sources driven by the testkit's fake host.
function(till_plugin name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK;TEST" ${ARGN})
  add_library(${name} MODULE ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE till_sdk ${arg_LINK})
  set_target_properties(${name} PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY
    ${CMAKE_BINARY_DIR}/lib/${name})
  target_link_options(${name} PRIVATE -Wl,--version-script=${CMAKE_SOURCE_DIR}/sdk/cpp/plugin.map
    -Wl,-Bsymbolic-functions -Wl,-z,now -Wl,--no-undefined)
  till_manifest_definitions(${name})
  if(CMAKE_CURRENT_SOURCE_DIR MATCHES "^${CMAKE_SOURCE_DIR}/(drivers|plugins)/")  # not the tests'
    set_property(GLOBAL APPEND PROPERTY TILL_OWN_PLUGINS ${name})
  endif()
  # The package: what stands beside the sources stands beside the library too.
  file(GLOB files RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} CONFIGURE_DEPENDS manifest.json README.md
    models.json recordings/*.json)
  foreach(file IN LISTS files)
    configure_file(${file} ${CMAKE_BINARY_DIR}/lib/${name}/${file} COPYONLY)
  endforeach()
  if(arg_TEST AND TILL_TESTS)
    till_test(${name}_test SOURCES ${arg_SOURCES} ${arg_TEST} LINK till_testkit ${arg_LINK})
    till_manifest_definitions(${name}_test)
  endif()
endfunction()
