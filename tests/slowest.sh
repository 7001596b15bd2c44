#!/usr/bin/env bash
# Prints the most expensive tests (twenty, or as many as the argument says), as a Markdown table. Build first: `dotnet build`.
#
#   tests/slowest.sh [number [filters of the runner]]     for example: tests/slowest.sh 5 -class '*PlayerRunTests'
#
# in the suite: how long a test took while everything else ran beside it, from the runner's own report (waits for a free core
#               and for a place for its kernel included). The rows of a theory are one test.
# alone:        the same test, run again as the only one. Wall is the runner's time for the test; CPU is the user and system time of
#               its process and of all processes that it waited for (kernels, browser, builds), less those of a run of no test.
#               What a class shares (a player, a lesson's kernel) is part of each of its tests here.
set -euo pipefail
cd "$(dirname "$0")/.."
number=${1:-20}
shift $(($# > 0))
runner=$(ls -t tests/Tests/bin/*/net*/TracingTutorial.Tests | head -n 1)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
TIMEFORMAT='%R %U %S'

# Method, tab, seconds: one line for each test of a report.
times() {
  grep -oE '<test [^>]*>' "$1" | sed -nE 's/.* time="([^"]*)" .* type="([^"]*)" method="([^"]*)".*/\2.\3\t\1/p' \
    | LC_ALL=C awk -F '\t' '{ sum[$1] += $2 } END { for (test in sum) printf "%s\t%.1f\n", test, sum[test] }' | LC_ALL=C sort -t "$(printf '\t')" -k 2,2nr
}

# Runs with these arguments and a report; prints wall, user and system seconds of the process and its children.
run() {
  local report=$1
  shift
  { time "$runner" -xml "$report" "$@" >"$folder/output" 2>&1 || true; } 2>&1
}

suite=$(run "$folder/suite.xml" "$@")
[ -s "$folder/suite.xml" ] || { cat "$folder/output" >&2; exit 1; }
nothing=$(run "$folder/nothing.xml" -method no.such.test)
times "$folder/suite.xml" | head -n "$number" >"$folder/slowest"

echo "The whole run: $(awk '{ printf "%.0f s, CPU %.0f s", $1, $2 + $3 }' <<<"$suite"), $(getconf _NPROCESSORS_ONLN) cores, load before it $(uptime | sed 's/.*load average[s]*: *//; s/[, ].*//')."
echo
echo "| test | in the suite, s | alone: wall, s | alone: CPU, s |"
echo "|---|--:|--:|--:|"
while IFS=$'\t' read -r test seconds; do
  used=$(run "$folder/one.xml" -method "$test")
  wall=$(times "$folder/one.xml" | cut -f 2)
  echo "$used $nothing" | awk -v test="${test#TracingTutorial.Tests.}" -v seconds="$seconds" -v wall="$wall" \
    '{ printf "| %s | %s | %s | %.1f |\n", test, seconds, wall, $2 + $3 - $5 - $6 }'
done <"$folder/slowest"
