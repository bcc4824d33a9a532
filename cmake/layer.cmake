# One OBJECT library per folder of src/, declared with the folders below it that it may include.
#
#   mantissa_layer(ops DEPENDS kernels tensor numeric support PACKAGES TBB::tbb)
#
# OBJECT, not STATIC: a linker drops the objects of a static library that nobody names, and with them
# the operators that register themselves. The declared table is written to build/layers.txt, against
# which tests/architecture checks every include line.

set(MANTISSA_LAYER_TABLE ${CMAKE_BINARY_DIR}/layers.txt)
file(WRITE ${MANTISSA_LAYER_TABLE} "")

function(mantissa_layer name)
  cmake_parse_arguments(LAYER "" "" "DEPENDS;PACKAGES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cpp)
  set(target mantissa_${name})
  if(sources)
    add_library(${target} OBJECT ${sources})
    target_include_directories(${target} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated)
    target_link_libraries(${target} PRIVATE mantissa_flags PUBLIC ${LAYER_PACKAGES})
    foreach(dependency IN LISTS LAYER_DEPENDS)
      if(TARGET mantissa_${dependency})
        target_link_libraries(${target} PUBLIC mantissa_${dependency})
      endif()
    endforeach()
    set_property(GLOBAL APPEND PROPERTY MANTISSA_LAYERS ${target})
  endif()
  file(APPEND ${MANTISSA_LAYER_TABLE} "${name}: ${LAYER_DEPENDS}\n")
endfunction()

# Compiles one source of this directory for instructions that the floor of the CPUs has not. Only code that
# has asked the processor may call it, and it shares no inline function with other files, since the linker
# keeps one copy of each.
function(mantissa_instructions source)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    # g++ 12 reports uninitialised reads inside its own vector intrinsics.
    set_source_files_properties(${CMAKE_CURRENT_SOURCE_DIR}/${source} PROPERTIES
      COMPILE_OPTIONS "${ARGN};$<$<CXX_COMPILER_ID:GNU>:-Wno-uninitialized>")
  endif()
endfunction()

# Links `target` with every object of the named layers and of the layers below them. Objects do not
# travel through OBJECT libraries by themselves.
function(mantissa_link target)
  set(pending ${ARGN})
  set(done "")
  while(pending)
    list(POP_FRONT pending layer)
    if(layer IN_LIST done)
      continue()
    endif()
    list(APPEND done ${layer})
    file(STRINGS ${MANTISSA_LAYER_TABLE} line REGEX "^${layer}:")
    string(REGEX REPLACE "^[a-z]+: ?" "" below "${line}")
    list(APPEND pending ${below})
    if(TARGET mantissa_${layer})
      target_link_libraries(${target} PRIVATE mantissa_${layer})
    endif()
  endwhile()
  target_link_libraries(${target} PRIVATE mantissa_flags)
endfunction()
