#!/bin/sh
# Sees to it that there is a Chromium for the tests of the pages: installs Debian's by apt-get where none is found and that is allowed.
# Called before the tests; where it cannot install one it says so and goes on, and test/cluster/ui/pages.test.ts fails with what to do.
set -u

for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome-stable google-chrome; do
  if [ -n "$name" ] && command -v "$name" >/dev/null 2>&1; then exit 0; fi
done

if [ "$(uname -s)" != Linux ] || ! command -v apt-get >/dev/null 2>&1 || [ "$(id -u)" != 0 ]; then
  echo "No Chromium is here, and it is not installed for you (that takes root and apt-get): install one, or set CHROMIUM to its path." >&2
  exit 0
fi

echo "No Chromium is here: apt-get installs it for the tests of the pages."
if apt-get update >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium >/dev/null; then
  command -v chromium
else
  echo "apt-get could not install Chromium: install one, or set CHROMIUM to its path." >&2
fi
