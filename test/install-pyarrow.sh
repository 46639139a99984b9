#!/bin/sh
# Installs pyarrow for the tests that have it read what we write, into the project's cache folder: once, by pip, where there is a Python.
# Prints the Python that has it; says what is missing otherwise, and those tests leave pyarrow out.
set -u

folder="${XDG_CACHE_HOME:-$HOME/.cache}/millrace/pyarrow"
python="$folder/bin/python3"
version=26.0.1

if [ -x "$python" ] && "$python" -c "import pyarrow, sys; sys.exit(pyarrow.__version__ != '$version')" 2>/dev/null; then
  echo "$python"
  exit 0
fi
if ! command -v python3 >/dev/null 2>&1; then
  echo "pyarrow is not here: there is no python3" >&2
  exit 1
fi
mkdir -p "$(dirname "$folder")"
if python3 -m venv "$folder" >/dev/null 2>&1 && "$python" -m pip install --quiet --disable-pip-version-check "pyarrow==$version" >/dev/null 2>&1; then
  echo "$python"
else
  echo "pyarrow is not here: pip could not install it into $folder" >&2
  exit 1
fi
