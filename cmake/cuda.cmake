# seesaw_add_cuda(target) adds the CUDA backend: by nvcc, over tests/host_cuda, or, visibly, not at all.
include(CheckLanguage)

set(SEESAW_CUDA_COMPILER OFF)
set(SEESAW_CUDA_OLDEST 12.4)

# nvcc's version, asked before the language is enabled: with one too old that would fail.
function(seesaw_nvcc_version nvcc result)
  execute_process(COMMAND ${nvcc} --version OUTPUT_VARIABLE words ERROR_QUIET)
  string(REGEX MATCH "release ([0-9]+\\.[0-9]+)" found "${words}")
  set(${result}
      "${CMAKE_MATCH_1}"
      PARENT_SCOPE)
endfunction()

if(SEESAW_HOST_CUDA)
  message(STATUS "seesaw: CUDA kernels run on the CPU over tests/host_cuda (test equipment)")
elseif(SEESAW_CUDA STREQUAL "AUTO" OR SEESAW_CUDA)
  check_language(CUDA)
  set(why "no CUDA compiler was found")
  if(CMAKE_CUDA_COMPILER)
    seesaw_nvcc_version(${CMAKE_CUDA_COMPILER} version)
    set(why "${CMAKE_CUDA_COMPILER} is of CUDA ${version}, older than ${SEESAW_CUDA_OLDEST}")
  endif()
  if(CMAKE_CUDA_COMPILER AND NOT version VERSION_LESS SEESAW_CUDA_OLDEST)
    if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
      set(CMAKE_CUDA_ARCHITECTURES 80 90 100)
    endif()
    enable_language(CUDA)
    # CMake 3.25 does not know how nvcc 13 spells the dialect that C++20 targets need.
    if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)
      set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20)
      set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION -std=c++20)
    endif()
    find_package(CUDAToolkit ${SEESAW_CUDA_OLDEST} REQUIRED)
    set(SEESAW_CUDA_COMPILER ON)
    message(STATUS "seesaw: CUDA backend with ${CMAKE_CUDA_COMPILER} ${CMAKE_CUDA_COMPILER_VERSION}")
  elseif(SEESAW_CUDA STREQUAL "AUTO")
    message(STATUS "seesaw: ${why}, so there will be NO CUDA backend")
  else()
    message(FATAL_ERROR "SEESAW_CUDA is ON, but ${why} (set CMAKE_CUDA_COMPILER or PATH)")
  endif()
else()
  message(STATUS "seesaw: built without the CUDA backend (SEESAW_CUDA=${SEESAW_CUDA})")
endif()

function(seesaw_add_cuda target)
  if(NOT SEESAW_HOST_CUDA AND NOT SEESAW_CUDA_COMPILER)
    return()
  endif()
  include(${PROJECT_SOURCE_DIR}/kernels/cuda/sources.cmake)
  list(TRANSFORM SEESAW_CUDA_SOURCES PREPEND ${PROJECT_SOURCE_DIR}/)
  target_sources(${target} PRIVATE ${SEESAW_CUDA_SOURCES})
  target_compile_definitions(${target} PRIVATE SEESAW_HAS_CUDA=1)
  if(SEESAW_HOST_CUDA)
    add_subdirectory(${PROJECT_SOURCE_DIR}/tests/host_cuda ${PROJECT_BINARY_DIR}/tests/host_cuda)
    set_source_files_properties(${SEESAW_CUDA_SOURCES} PROPERTIES LANGUAGE CXX COMPILE_OPTIONS "-x;c++")
    target_link_libraries(${target} PUBLIC seesaw_host_cuda)
  else()
    if(SEESAW_TESTS) # keeps what ptxas says of each kernel, for scripts/kernel-report.sh
      set_target_properties(${target} PROPERTIES CUDA_COMPILER_LAUNCHER
                                                 "${PROJECT_SOURCE_DIR}/scripts/ptxas-log.sh;${CMAKE_CUDA_COMPILER_LAUNCHER}")
    endif()
    target_compile_options(
      ${target} PRIVATE "$<$<COMPILE_LANGUAGE:CUDA>:--expt-relaxed-constexpr;-Xcompiler=-Wall,-Wextra>"
                        "$<$<AND:$<COMPILE_LANGUAGE:CUDA>,$<BOOL:${SEESAW_WERROR}>>:-Werror=all-warnings>")
    target_link_libraries(${target} PRIVATE CUDA::cudart CUDA::cublas CUDA::cusolver)
  endif()
endfunction()
