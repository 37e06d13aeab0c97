#!/usr/bin/env bash
# Makes .venv with everything the program and its tests need, from nothing but Python 3.11 or newer and a package
# index. Says nothing and takes no time when there is nothing to do. Used by every target of the Makefile.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '%s\n' "$*" >&2; }
die() { say "setup: $*"; exit 1; }

# What .venv was made from: another folder, another lock file or another recipe makes it anew.
fingerprint() { { pwd; cat uv.lock pyproject.toml installer/setup.sh installer/qt_libraries.py; } | cksum; }

is_good_python() {
    "$1" - >/dev/null 2>&1 <<'PYTHON'
import sys
sys.exit(sys.implementation.name != "cpython" or not (3, 11) <= sys.version_info < (3, 15))
PYTHON
}

# Prints the full path of an interpreter: the shims of pyenv run only versions that are switched on at the moment.
find_python() {
    local candidate
    for candidate in ${PYTHON:+"$PYTHON"} .venv/bin/python python3 python3.13 python3.12 python3.11 python3.14 python \
        "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[1-4].*/bin/python3 /usr/local/bin/python3.1[1-4] \
        /usr/bin/python3.1[1-4] /usr/bin/python3 /opt/homebrew/bin/python3; do
        if command -v "$candidate" >/dev/null 2>&1 && is_good_python "$candidate"; then
            "$candidate" -c 'import sys; print(getattr(sys, "_base_executable", "") or sys.executable)'
            return
        fi
    done
    die "no Python 3.11 to 3.14 was found; install one, or name it: make PYTHON=/path/to/python3 ..."
}

# Neither pip nor uv asks the system whom to trust, where a company's own certificate may be needed.
trust_the_system() {
    local bundle
    for bundle in "${PIP_CERT:-}" /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt; do
        if [ -s "$bundle" ]; then
            export SSL_CERT_FILE="${SSL_CERT_FILE:-$bundle}" PIP_CERT="${PIP_CERT:-$bundle}"
            return
        fi
    done
}

# Prints a uv that works: the one on PATH, else one of our own in .uv/.
find_uv() {
    local found
    found=$(command -v uv || true)
    if [ -n "$found" ] && "$found" export --help >/dev/null 2>&1; then
        printf '%s\n' "$found"
        return
    fi
    if [ ! -x .uv/bin/uv ]; then
        say "setup: fetching uv into .uv/ ..."
        rm -rf .uv
        # A distribution may leave out venv or pip, or forbid pip to touch its own Python: one of these is there.
        { "$1" -m venv .uv && .uv/bin/python -m pip install --quiet 'uv>=0.9,<1'; } >.uv.log 2>&1 ||
            { rm -rf .uv && "$1" -m pip install --quiet --target .uv 'uv>=0.9,<1'; } >>.uv.log 2>&1 ||
            { install_packages python3-venv && rm -rf .uv && "$1" -m venv .uv &&
                .uv/bin/python -m pip install --quiet 'uv>=0.9,<1'; } >>.uv.log 2>&1 ||
            { cat .uv.log >&2; rm -rf .uv .uv.log; die "uv could not be installed; see docs.astral.sh/uv"; }
        rm -f .uv.log
    fi
    printf '%s\n' "$PWD/.uv/bin/uv"
}

# Installs packages of a Debian or Ubuntu if we may; fails if we may not.
install_packages() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 || return 1
    say "setup: installing $* ..."
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update && apt-get install -y --no-install-recommends "$@"; } >.apt.log 2>&1 </dev/null ||
        { tail -20 .apt.log >&2; rm -f .apt.log; return 1; }
    rm -f .apt.log
}

install_python_packages() {
    local uv=$1 python=$2 index
    export UV_COMPILE_BYTECODE=1 UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=.venv UV_NO_PROGRESS=1
    export UV_HTTP_TIMEOUT="${UV_HTTP_TIMEOUT:-120}"
    unset VIRTUAL_ENV
    say "setup: installing the packages into .venv (once; about 700 MB on disk) ..."
    if "$uv" sync --quiet --locked --all-extras --python "$python" </dev/null; then return; fi
    # pip's own setting of a company's index holds for uv too, which does not read it.
    index=${UV_DEFAULT_INDEX:-${PIP_INDEX_URL:-$("$python" -m pip config get global.index-url 2>/dev/null || true)}}
    [ -n "$index" ] || die "the packages could not be installed"
    say "setup: the index of the lock file did not serve; taking the same versions from the index configured here ..."
    [ -x .venv/bin/python ] || "$uv" venv --quiet --python "$python" .venv
    "$uv" export --quiet --frozen --all-extras --no-hashes --output-file .venv/requirements.txt >/dev/null
    "$uv" pip install --quiet --python .venv/bin/python --default-index "$index" -r .venv/requirements.txt </dev/null
}

check_qt() {
    local missing status=0
    missing=$(.venv/bin/python installer/qt_libraries.py) || status=$?
    [ "$status" = 0 ] && return
    [ "$status" = 3 ] || die "Qt does not start: $missing"
    # shellcheck disable=SC2086  # one word for each package
    if install_packages $missing && .venv/bin/python installer/qt_libraries.py >/dev/null; then return; fi
    die "Qt lacks libraries of the system. On Debian or Ubuntu:  sudo apt-get install ${missing//$'\n'/ }"
}

# Tests of pages are skipped without a Chromium; nothing else needs one.
want_chromium() {
    command -v chromium chromium-browser google-chrome >/dev/null && return
    install_packages chromium ||
        say "setup: no Chromium: tests of pages are skipped. On Debian:  sudo apt-get install chromium"
}

main() {
    local python uv wanted browser=""
    wanted=$(fingerprint)
    if [ -x .venv/bin/python ] && [ "$(cat .venv/.made-from 2>/dev/null)" = "$wanted" ]; then return; fi
    trust_the_system
    python=$(find_python)
    uv=$(find_uv "$python")
    # Both wait for the network: side by side. Qt's libraries come after, from the same package manager.
    if [ "${1:-}" = tests ] && [ "$(uname -s)" = Linux ]; then want_chromium & browser=$!; fi
    install_python_packages "$uv" "$python"
    if [ -n "$browser" ]; then wait "$browser" || true; fi
    if [ "$(uname -s)" = Linux ]; then check_qt; fi
    printf '%s\n' "$wanted" >.venv/.made-from
    [ -z "$browser" ] || exit 0
}

main "$@"
if [ "${1:-}" = tests ] && [ "$(uname -s)" = Linux ]; then want_chromium; fi
