#!/bin/sh
# Installs moto, a server that speaks as S3 does, for the tests of connectors, into the project's cache folder: once, by pip, where there is a Python.
# Prints the path of the server; says what is missing otherwise.
set -u

folder="${XDG_CACHE_HOME:-$HOME/.cache}/millrace/moto"
server="$folder/bin/moto_server"
version=5.2.5

if [ -x "$server" ] && "$folder/bin/python3" -c "import moto, sys; sys.exit(moto.__version__ != '$version')" 2>/dev/null; then
  echo "$server"
  exit 0
fi
if ! command -v python3 >/dev/null 2>&1; then
  echo "moto is not here: there is no python3" >&2
  exit 1
fi
mkdir -p "$(dirname "$folder")"
if python3 -m venv "$folder" >/dev/null 2>&1 && "$folder/bin/python3" -m pip install --quiet --disable-pip-version-check "moto[s3,server]==$version" >/dev/null 2>&1; then
  echo "$server"
else
  echo "moto is not here: pip could not install it into $folder" >&2
  exit 1
fi
