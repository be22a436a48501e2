# shellcheck shell=bash
# Is there a Rust that can build this?

# The oldest Rust that Cargo.toml allows.
wanted_rust() {
    sed -n 's/^rust-version *= *"\([0-9.]*\)".*/\1/p' Cargo.toml
}

# at_least 1.95.1 1.95.0; macOS's sort has no version order everywhere.
at_least() {
    local have want i
    IFS=. read -r -a have <<<"$1"
    IFS=. read -r -a want <<<"$2"
    for i in 0 1 2; do
        [ "${have[i]:-0}" -gt "${want[i]:-0}" ] && return 0
        [ "${have[i]:-0}" -lt "${want[i]:-0}" ] && return 1
    done
    return 0
}

require_rust() {
    local want version
    want=$(wanted_rust)
    if ! command -v cargo >/dev/null; then
        say "cargo is missing: install Rust $want or newer from https://rustup.rs and open a new shell"
        return 1
    fi
    if ! version=$(cargo --version); then
        say "cargo does not run: see above (with rustup: rustup toolchain install $want)"
        return 1
    fi
    version=${version#cargo }
    version=${version%%[ -]*}
    if ! at_least "$version" "$want"; then
        say "Rust $version is too old: $want or newer is needed (with rustup: rustup update)"
        return 1
    fi
}
