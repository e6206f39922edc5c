# How every target of the project is declared: one function a kind, so that flags are set in one place.

# headrace_require(<found-variable> <what> <debian> <fedora> <homebrew>)
# A missing dependency is one clear line that names its package.
function(headrace_require found what debian fedora homebrew)
  if(NOT ${found})
    message(FATAL_ERROR "headrace needs ${what}: install ${debian} (Debian, Ubuntu), "
                        "${fedora} (Fedora) or ${homebrew} (Homebrew), then configure again.")
  endif()
endfunction()

# Headers are included as <headrace/layer/name.hpp>, from the tree as once installed: a folder of
# links in the build tree makes the two look alike.
set(HEADRACE_INCLUDE_DIR "${CMAKE_CURRENT_BINARY_DIR}/include")
file(MAKE_DIRECTORY "${HEADRACE_INCLUDE_DIR}/headrace")
foreach(layer framing engine discovery sandbox server)
  file(CREATE_LINK "${CMAKE_CURRENT_SOURCE_DIR}/${layer}" "${HEADRACE_INCLUDE_DIR}/headrace/${layer}"
       SYMBOLIC)
endforeach()

# Flags of our own builds; a consumer sees none of them.
function(headrace_flags target)
  if(HEADRACE_DEVELOPER)
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
                           -Wnon-virtual-dtor -Wold-style-cast -Werror)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
      # False alarms of g++ 12: "x" + std::string at -O3 (its bug 105651), and the frames of
      # coroutines, which Asio allocates and frees by a pair of its own.
      target_compile_options(${target} PRIVATE -Wno-restrict -Wno-mismatched-new-delete)
    endif()
  endif()
  if(HEADRACE_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${HEADRACE_SANITIZE}
                           -fno-omit-frame-pointer -fno-sanitize-recover=all)
    if(HEADRACE_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      # Asio's memory fences, which the sanitizer does not follow, are beside its atomics.
      target_compile_options(${target} PRIVATE -Wno-tsan)
    endif()
    target_link_options(${target} PUBLIC -fsanitize=${HEADRACE_SANITIZE})
  endif()
endfunction()

# headrace_layer(<name> SOURCES … DEPENDS …): the static library of one layer.
function(headrace_layer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;PRIVATE_DEPENDS" ${ARGN})
  add_library(headrace_${name} STATIC ${ARG_SOURCES})
  add_library(headrace::${name} ALIAS headrace_${name})
  set_target_properties(headrace_${name} PROPERTIES EXPORT_NAME ${name} POSITION_INDEPENDENT_CODE ON)
  target_compile_features(headrace_${name} PUBLIC cxx_std_20)
  target_include_directories(headrace_${name} PUBLIC
    "$<BUILD_INTERFACE:${HEADRACE_INCLUDE_DIR}>" "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
  target_link_libraries(headrace_${name} PUBLIC ${ARG_DEPENDS} PRIVATE ${ARG_PRIVATE_DEPENDS})
  headrace_flags(headrace_${name})
  set_property(GLOBAL APPEND PROPERTY HEADRACE_LAYERS ${name})
endfunction()

# headrace_test(<name> SOURCES … DEPENDS …): a GoogleTest program, registered with ctest.
function(headrace_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPENDS} GTest::gmock GTest::gtest_main)
  headrace_flags(${name})
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 120)
endfunction()
