#!/usr/bin/env bash
# Makes the pictures of the documents from a page that the tool wrote:
#
#   docs/make_pictures.sh [results/quickstart/report.html [POINT]]
#
# docs/pictures/front.png: the chart of the front and the summary of POINT (default: the one that the page opens with).
# docs/pictures/formats.png: its formats by layer and role. Needs node and chromium, and a configured build.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
page=${1:-results/quickstart/report.html}
[[ -f $page ]] || { echo "make_pictures: there is no $page; run ./do quickstart first" >&2; exit 2; }
chromium=$(command -v chromium) || { echo "make_pictures: chromium is missing (apt-get install chromium)" >&2; exit 2; }
for modules in build/*/npm/node_modules; do [[ -d $modules/playwright-core ]] && break; done
[[ -d $modules/playwright-core ]] || { echo "make_pictures: configure a build first (cmake --preset release, with npm)" >&2; exit 2; }
exec node docs/make_pictures.mjs "$page" docs/pictures "$modules" "$chromium" "${2:-}"
