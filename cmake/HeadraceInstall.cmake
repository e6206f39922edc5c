# What `cmake --install` puts where, and the package that find_package(headrace) reads.
include(CMakePackageConfigHelpers)

get_property(layers GLOBAL PROPERTY HEADRACE_LAYERS)
set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/headrace")

set(targets headrace_all)
foreach(layer IN LISTS layers)
  list(APPEND targets headrace_${layer})
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/${layer}/"
          DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/headrace/${layer}"
          COMPONENT headrace_development FILES_MATCHING PATTERN "*.hpp")
endforeach()
install(TARGETS ${targets} EXPORT headraceTargets
        ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT headrace_development)
install(EXPORT headraceTargets NAMESPACE headrace:: DESTINATION "${package_dir}"
        COMPONENT headrace_development)
if(TARGET headrace_program)
  install(TARGETS headrace_program RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT headrace)
endif()

# The packages our targets link, by the part of the target's name before "::".
set(package_of_asio Asio)
set(package_of_simdjson simdjson)
set(package_of_Threads Threads)
set(package_of_tomlplusplus tomlplusplus)
set(package_of_spdlog spdlog)
set(package_of_fmt fmt)
set(package_of_CLI11 CLI11)
set(HEADRACE_PACKAGES)
foreach(target IN LISTS targets)
  get_target_property(libraries ${target} INTERFACE_LINK_LIBRARIES)
  # $<LINK_ONLY:…> is how a static library says what it links privately: its users need it as well.
  string(REGEX MATCHALL "[A-Za-z0-9_+]+::[A-Za-z0-9_+]+" names "${libraries}")
  foreach(name IN LISTS names)
    string(REGEX REPLACE "::.*" "" owner "${name}")
    if(owner STREQUAL "headrace")
      continue()
    elseif(NOT DEFINED package_of_${owner})
      message(FATAL_ERROR "${target} links ${name}, but cmake/HeadraceInstall.cmake does not say "
                          "which package that is from: add it to the list there.")
    endif()
    list(APPEND HEADRACE_PACKAGES ${package_of_${owner}})
  endforeach()
endforeach()
list(REMOVE_DUPLICATES HEADRACE_PACKAGES)

configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/headraceConfig.cmake.in"
                              "${PROJECT_BINARY_DIR}/headraceConfig.cmake"
                              INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/headraceConfigVersion.cmake"
                                 COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/headraceConfig.cmake"
              "${PROJECT_BINARY_DIR}/headraceConfigVersion.cmake"
              "${CMAKE_CURRENT_LIST_DIR}/FindAsio.cmake"
        DESTINATION "${package_dir}" COMPONENT headrace_development)
