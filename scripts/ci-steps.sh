#!/usr/bin/env bash
# The steps of CI, one by one. `.ci/run` takes all, the justfile offers each.
#
#   scripts/ci-steps.sh list          names the steps in order
#   scripts/ci-steps.sh STEP [args]   runs one
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

CARGO_DENY=0.20.2

deny() {
    cargo deny --version >/dev/null 2>&1 || cargo install cargo-deny --locked --version "$CARGO_DENY"
    cargo deny --all-features check licenses bans sources
    if cargo deny --all-features fetch db >/dev/null 2>&1; then
        cargo deny --all-features check advisories
    else
        echo "deny: advisories were not checked, the advisory database cannot be fetched"
    fi
}

step=${1:-list}
[ $# -eq 0 ] || shift
case $step in
list) printf '%s\n' test fmt-check clippy deny doc ;;
test) ./scripts/test.sh "$@" ;;
fmt-check) cargo fmt --all --check ;;
clippy) cargo clippy --workspace --all-targets --all-features --locked -- -D warnings ;;
deny) deny ;;
doc) RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --all-features --locked ;;
*)
    echo "ci-steps.sh: no step is called $step" >&2
    exit 2
    ;;
esac
