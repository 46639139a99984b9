#!/bin/sh
# Installs packages of Python for tests into a folder of the project's cache: once, by pip, where there is a Python.
# Usage: install-python.sh NAME PACKAGE==VERSION…
# Prints the Python that has them; says what is missing otherwise.
set -u

name=$1
shift
folder="${XDG_CACHE_HOME:-$HOME/.cache}/millrace/$name"
python="$folder/bin/python3"

has_all() {
  "$python" - "$@" 2>/dev/null <<'CHECK'
import importlib.metadata, re, sys
for spec in sys.argv[1:]:
    package, version = spec.split("==")
    if importlib.metadata.version(re.sub(r"\[.*", "", package)) != version:
        sys.exit(1)
CHECK
}

if [ -x "$python" ] && has_all "$@"; then
  echo "$python"
  exit 0
fi
if ! command -v python3 >/dev/null 2>&1; then
  echo "$* is not here: there is no python3" >&2
  exit 1
fi
mkdir -p "$(dirname "$folder")"
if python3 -m venv "$folder" >/dev/null 2>&1 && "$python" -m pip install --quiet --disable-pip-version-check "$@" >/dev/null 2>&1 && has_all "$@"; then
  echo "$python"
else
  echo "$* is not here: pip could not install it into $folder" >&2
  exit 1
fi
