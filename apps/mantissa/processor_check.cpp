// This file alone is compiled for any x86-64 processor, and runs before every other initialiser: on
// a processor without AVX2 the program would otherwise die of an illegal instruction, without a
// word. No header of ours or of the library, whose inline functions another file may have compiled
// for newer processors.

#include <unistd.h>

#if defined(__x86_64__)

__attribute__((constructor(101))) static void require_avx2() {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return;
  static const char kText[] =
      "error: mantissa needs an x86-64 processor with AVX2 and FMA (Intel since Haswell, 2013; AMD "
      "since Excavator, 2015)\n";
  static_cast<void>(!write(STDERR_FILENO, kText, sizeof kText - 1));
  _exit(1);
}

#endif
