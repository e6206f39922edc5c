# Finds standalone Asio, which ships neither a CMake package nor (before 1.29) a .pc file:
# reads ASIO_VERSION from its header and defines asio::asio.
find_path(Asio_INCLUDE_DIR asio.hpp)
if(Asio_INCLUDE_DIR AND EXISTS "${Asio_INCLUDE_DIR}/asio/version.hpp")
  file(STRINGS "${Asio_INCLUDE_DIR}/asio/version.hpp" _asio_line REGEX "^#define ASIO_VERSION [0-9]+")
  string(REGEX REPLACE ".*ASIO_VERSION ([0-9]+).*" "\\1" _asio_number "${_asio_line}")
  math(EXPR _asio_major "${_asio_number} / 100000")
  math(EXPR _asio_minor "${_asio_number} / 100 % 1000")
  math(EXPR _asio_patch "${_asio_number} % 100")
  set(Asio_VERSION "${_asio_major}.${_asio_minor}.${_asio_patch}")
endif()
set(Asio_FIND_QUIETLY TRUE)
set(Asio_FIND_REQUIRED FALSE)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Asio REQUIRED_VARS Asio_INCLUDE_DIR VERSION_VAR Asio_VERSION)
mark_as_advanced(Asio_INCLUDE_DIR)

if(Asio_FOUND AND NOT TARGET asio::asio)
  find_package(Threads REQUIRED)
  add_library(asio::asio INTERFACE IMPORTED)
  target_include_directories(asio::asio SYSTEM INTERFACE "${Asio_INCLUDE_DIR}")
  target_compile_definitions(asio::asio INTERFACE ASIO_STANDALONE ASIO_NO_DEPRECATED
    # Asio 1.22 finds out about aligned allocation by a macro of the standard library, which is not
    # there before the first standard header: files that differ in that would free what others
    # allocated in another way.
    $<$<PLATFORM_ID:Linux>:ASIO_HAS_STD_ALIGNED_ALLOC=1>
    # clang with libstdc++ does not announce coroutines the way Asio 1.22 looks for them.
    $<$<CXX_COMPILER_ID:Clang>:ASIO_HAS_CO_AWAIT=1> $<$<CXX_COMPILER_ID:Clang>:ASIO_HAS_STD_COROUTINE=1>)
  target_link_libraries(asio::asio INTERFACE Threads::Threads)
endif()
