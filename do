#!/usr/bin/env bash
# The one script of the project: installs what a bare Debian 12 lacks, builds, runs. `./do` lists its verbs.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"

build_packages=(
  g++ cmake ninja-build git ca-certificates
  libcli11-dev nlohmann-json3-dev libspdlog-dev libtbb-dev libonnx-dev libprotobuf-dev protobuf-compiler
  libhwy-dev libvalijson-dev libssl-dev zlib1g-dev doctest-dev
)
run_packages=(dataset-fashion-mnist)
test_packages=(libonnx-testdata libmpfr-dev libgmp-dev chromium)
optional_test_packages=(python3-torch)
bench_packages=(libbenchmark-dev libpagmo-dev libopenblas-dev)
lint_packages=(clang-format clang-tidy)

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }

as_root() {
  if [[ $(id -u) -eq 0 ]]; then "$@"; elif command -v sudo >/dev/null; then sudo "$@"; else
    echo "do: packages must be installed, and this needs root or sudo: $*" >&2
    exit 1
  fi
}

installed() { dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }

# Installs the packages that are missing; asks apt nothing if none is.
need() {
  local missing=()
  for package in "$@"; do installed "$package" || missing+=("$package"); done
  [[ ${#missing[@]} -eq 0 ]] && return
  say "installing ${missing[*]}"
  if [[ -z ${updated:-} ]]; then
    as_root apt-get update -qq
    updated=yes
  fi
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# The same, but a machine that cannot have them goes on without.
want() {
  (need "$@") || echo "do: cannot install $*; what uses it will say that it is skipped or falls back" >&2
}

# The page's charting library comes from the npm registry; any node with npm will do.
need_node() {
  command -v node >/dev/null && command -v npm >/dev/null && return
  want nodejs npm
}

jobs=$(nproc)

configure() { # configure PRESET [cmake options]: only where no build folder exists yet or the options changed
  local preset=$1 stamp
  shift
  stamp="build/$preset/.configured"
  if [[ ! -f $stamp || $(<"$stamp") != "$*" ]]; then
    say "configuring $preset"; mkdir -p build
    cmake --preset "$preset" "$@" >"build/$preset.log" 2>&1 || { cat "build/$preset.log" >&2; rm -f "build/$preset.log"; return 1; }
    rm -f "build/$preset.log"
    printf '%s' "$*" >"$stamp"
  fi
}

build() { # build PRESET [targets]
  local preset=$1
  shift
  cmake --build --preset "$preset" -j "$jobs" ${1:+--target "$@"}
}

quickstart() {
  need "${build_packages[@]}"
  want "${run_packages[@]}"
  need_node
  configure release
  build release mantissa
  build/release/mantissa explore scenarios/quickstart.json --output results/quickstart "$@"
}

run_tests() { # run_tests PRESET [ctest arguments]
  local preset=$1
  shift
  need "${build_packages[@]}" "${test_packages[@]}"
  want "${run_packages[@]}"
  want "${optional_test_packages[@]}"
  need_node
  configure "$preset"
  build "$preset"
  ctest --preset "$preset" --parallel "$jobs" "$@"
}

bench() {
  need "${build_packages[@]}" "${bench_packages[@]}"
  need_node
  configure release -DMANTISSA_BENCH=ON
  build release
  for program in build/release/bench/*_bench; do
    say "$(basename "$program")"
    "$program" "$@"
  done
}

sources() { git ls-files 'src/*.h' 'src/*.cpp' 'apps/*.h' 'apps/*.cpp' 'tests/*.h' 'tests/*.cpp' 'bench/*.h' 'bench/*.cpp' 'models/*.cpp'; }

lint() {
  need "${build_packages[@]}" "${test_packages[@]}" "${lint_packages[@]}"
  sources | xargs clang-format --dry-run --Werror
  configure release
  build release
  sources | grep '^\(src\|apps\)/.*\.cpp$' | xargs -P "$jobs" -n 4 clang-tidy -p build/release --quiet
}

format() {
  need "${lint_packages[@]}"
  sources | xargs clang-format -i
}

asan() { run_tests asan "$@"; }

docs() {
  need "${build_packages[@]}"
  configure release
  build release mantissa
  build/release/mantissa scenario-reference >docs/scenario-reference.md
  say "docs/scenario-reference.md is made from scenarios/schema/scenario.schema.json"
}

clean() { rm -rf build; }

usage() {
  cat <<'TEXT'
usage: ./do VERB

  quickstart   install, build, and search formats for a small network on Fashion-MNIST (about a minute on 2 cores after the build)
  test         install, build, and run every test           (./do test -R NAME runs some)
  bench        build and run the benchmarks
  lint         clang-format and clang-tidy over all sources
  format       rewrite the sources as clang-format wants them
  asan         the tests under AddressSanitizer and UndefinedBehaviorSanitizer
  docs         write the generated pages of docs/
  clean        remove build/ (results/ stays)
TEXT
}

case ${1:-} in
  quickstart | bench | lint | format | asan | docs | clean) verb=$1; shift; "$verb" "$@" ;;
  test) shift; run_tests release "$@" ;;
  '' | help | -h | --help) usage ;;
  *)
    echo "do: there is no verb \"$1\"" >&2
    usage >&2
    exit 2
    ;;
esac
