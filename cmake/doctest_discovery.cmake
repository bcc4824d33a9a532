# Each TEST_CASE becomes one ctest case, named `<folder>: <sentence>`.

include(${doctest_DIR}/doctest.cmake)

function(mantissa_discover_tests target prefix)
  doctest_discover_tests(${target} TEST_PREFIX "${prefix}: " PROPERTIES LABELS ${prefix} TIMEOUT 300)
endfunction()
