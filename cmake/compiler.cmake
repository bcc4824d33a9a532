# Flags every target of ours is compiled with.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()

add_library(mantissa_flags INTERFACE)

# Both compilers fuse a*b+c behind our back otherwise, and every emulated result would depend on it.
target_compile_options(mantissa_flags INTERFACE -ffp-contract=off)

# The floor is AVX2 with FMA (x86-64-v3, 2013): binary32 fused multiply-add is then always an
# instruction, so no CPU path needs an emulation of it. Wider units are chosen at run time.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  target_compile_options(mantissa_flags INTERFACE -march=x86-64-v3)
  # Highway counts AES among AVX2's instructions, x86-64-v3 does not: without this it would also build every
  # kernel for SSE.
  target_compile_definitions(mantissa_flags INTERFACE HWY_DISABLE_PCLMUL_AES)
endif()

if(MANTISSA_DEVELOPER)
  target_compile_options(mantissa_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor -Wold-style-cast
    -Wdouble-promotion -Werror)
  # g++ 12 reports uninitialised reads inside its own <regex> and vector intrinsics under -O2, and overlapping
  # copies in "literal" + std::string (GCC bug 105651).
  target_compile_options(mantissa_flags INTERFACE
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized -Wno-restrict -Wno-error=array-bounds -Wno-error=stringop-overflow>)
endif()

if(MANTISSA_DEBUG_OPTIMISE)
  target_compile_options(mantissa_flags INTERFACE -Og)
endif()

if(MANTISSA_SANITIZE)
  target_compile_options(mantissa_flags INTERFACE
    -fsanitize=${MANTISSA_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(mantissa_flags INTERFACE -fsanitize=${MANTISSA_SANITIZE})
endif()

if(MANTISSA_COVERAGE)
  target_compile_options(mantissa_flags INTERFACE --coverage)
  target_link_options(mantissa_flags INTERFACE --coverage)
endif()
