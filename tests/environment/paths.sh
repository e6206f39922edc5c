# Where the test environment lives, for the scripts beside this one: sourced, prints nothing.
environment_dir="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
test_cache="${HEADRACE_TEST_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/headrace-tests}"
run_dir="$test_cache/run"
rootfs="$test_cache/rootfs-trixie"
test_image="localhost/headrace-test-python:trixie"

say() { printf '%s\n' "$*" >&2; }
fail() { say "$(basename "$0"): $*"; exit 1; }

# One script at a time per cache: two runs on a machine must not build the same thing. The script
# starts itself again under flock, whose descriptor (-o) no daemon inherits.
take_lock() {
  mkdir -p "$test_cache"
  [ "${headrace_lock:-}" = "$0" ] && return
  headrace_lock="$0" exec flock -o "$test_cache/$(basename "$0").lock" "$0" "$@"
}
