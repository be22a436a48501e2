#!/usr/bin/env bash
# Passes all tests on a Debian or macOS machine that has Rust: installs the servers that tests run
# against when they are missing, then runs cargo test. The tests start and stop their own servers.
#
#   scripts/test.sh [--setup-only] [arguments for cargo test]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf 'test.sh: %s\n' "$*" >&2; }

# shellcheck source=scripts/lib/rust.sh disable=SC1091
. scripts/lib/rust.sh
# shellcheck source=scripts/lib/servers.sh disable=SC1091
. scripts/lib/servers.sh
# shellcheck source=scripts/lib/install.sh disable=SC1091
. scripts/lib/install.sh

# PostgreSQL refuses to run as root and needs its programs where another account can reach them.
tools_directory() {
    if [ "$(id -u)" = 0 ] && command -v runuser >/dev/null && ! runuser -u nobody -- test -x "$PWD"; then
        echo /var/tmp/iyagi-test-tools
    else
        echo "$PWD/target/test-tools"
    fi
}

set_up() {
    local server fate='skip loudly'
    [ -z "${CI:-}" ] || fate=fail
    [ -z "$(missing_servers)" ] || install_missing
    for server in $(missing_servers); do
        say "MISSING: $(advice "$server"); tests that need it will $fate"
    done
}

run_tests() {
    local status=0
    IYAGI_TEST_SKIPPED=$(mktemp)
    export IYAGI_TEST_SKIPPED
    trap 'rm -f "$IYAGI_TEST_SKIPPED"' EXIT
    cargo test --workspace --all-features --locked "$@" || status=$?
    if [ -s "$IYAGI_TEST_SKIPPED" ]; then
        sort "$IYAGI_TEST_SKIPPED" >&2
        say "skipped tests: $(grep -c . "$IYAGI_TEST_SKIPPED"), listed above"
    fi
    return "$status"
}

export IYAGI_TEST_TOOLS=${IYAGI_TEST_TOOLS:-$(tools_directory)}
if [ "${1:-}" = --setup-only ]; then
    set_up
    exit
fi
require_rust
set_up
run_tests "$@"
