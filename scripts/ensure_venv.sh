#!/bin/sh
# Build .venv when it is missing, broken or older than its lock file: ensure_venv.sh run|dev
# Needs Python >= 3.11 with venv and pip, and a package index; nothing else.
set -eu

kind=$1
python=${PYTHON:-python3}
venv=.venv
case $kind in
    run) locks="requirements.lock" ;;
    dev) locks="requirements.lock requirements-dev.lock" ;;
esac

stamp() { cksum <"$1"; }
current() { [ -f "$venv/.$1" ] && [ "$(cat "$venv/.$1")" = "$(stamp "$1")" ]; }

# The development lock names everything of the other one too, in the same versions.
if [ -x "$venv/bin/python" ] && "$venv/bin/python" -c "" 2>/dev/null; then
    fresh=yes
    for lock in $locks; do current "$lock" || fresh=no; done
    if [ $fresh = yes ]; then exit 0; fi
else
    if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        found=$("$python" --version 2>&1 || true)
        echo "Python 3.11 or later is needed; '$python' is: ${found:-not found}. Choose one: make PYTHON=python3.12 ..." >&2
        exit 1
    fi
fi

if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    echo "Making $venv with $("$python" --version)." >&2
    if ! "$python" -m venv --clear "$venv"; then
        echo "'$python' cannot make virtual environments; on Debian: apt-get install python3-venv" >&2
        exit 1
    fi
fi

for lock in $locks; do last=$lock; done
echo "Installing from $last (once; about a minute)." >&2
"$venv/bin/python" -m pip install -qq --disable-pip-version-check --no-input --require-hashes -r "$last"
for lock in $locks; do stamp "$lock" >"$venv/.$lock"; done
