# Installs seesaw::seesaw (and seesaw::io, the tool) and the package that find_package(seesaw) reads.
include(CMakePackageConfigHelpers)

set(seesaw_targets seesaw)
if(SEESAW_IO)
  list(APPEND seesaw_targets seesaw_io)
  set_target_properties(seesaw_io PROPERTIES EXPORT_NAME io)
endif()
if(SEESAW_HOST_CUDA)
  return()  # test equipment is not installed
endif()
install(TARGETS ${seesaw_targets} EXPORT seesaw)
if(SEESAW_TOOL)
  install(TARGETS seesaw_tool)
endif()
install(DIRECTORY include/seesaw ${PROJECT_BINARY_DIR}/include/seesaw TYPE INCLUDE FILES_MATCHING PATTERN "*.hpp")
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/seesaw)
install(EXPORT seesaw FILE seesaw-targets.cmake NAMESPACE seesaw:: DESTINATION ${package_dir})
configure_package_config_file(cmake/seesaw-config.cmake.in seesaw-config.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(seesaw-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/seesaw-config.cmake ${PROJECT_BINARY_DIR}/seesaw-config-version.cmake
        DESTINATION ${package_dir})
