#!/bin/sh
# Makes what Python is needed and prints where it is; again at once where it is there already.
#
#   tools/setup.sh          the local stack, deploying, linting
#   tools/setup.sh tests    that, and what the tests compare with
#
# It lives in a cache, named by a hash of the pinned versions, so that a fresh clone finds it.
set -eu
cd "$(dirname "$0")/.."

stage="${1:-tools}"
case "$stage" in
tools | tests) ;;
*) echo "error: tools/setup.sh knows 'tools' and 'tests', not '$stage'" >&2 && exit 2 ;;
esac

python="${PYTHON:-python3}"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
    echo "error: Python 3.11 or newer is needed, '$python' is not: set PYTHON=/path/to/python3" >&2
    exit 1
}
"$python" -c 'import ensurepip, venv' 2>/dev/null || {
    echo "error: '$python' cannot make virtual environments: apt-get install python3-venv" >&2
    exit 1
}

cache="${TRANSECT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/transect}"
key=$( ("$python" --version && cat tools/requirements.txt tests/requirements.txt) | sha256sum | cut -c1-16)
venv="$cache/venv-$key"

install() {
    [ -e "$venv/$1" ] && return
    echo "installing $1/requirements.txt into $venv (once, a minute or two)" >&2
    [ -e "$venv/bin/pip" ] || "$python" -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$1/requirements.txt" >&2
    touch "$venv/$1"
}

if [ ! -e "$venv/$stage" ]; then
    mkdir -p "$cache"
    # Two at once (make -j, two clones) must not fill the same folder.
    exec 9>"$cache/setup.lock"
    flock 9
    install tools
    [ "$stage" = tools ] || install "$stage"
fi
echo "$venv"
