#!/bin/sh
# Sees to it that there are servers of PostgreSQL and MariaDB for the tests of connectors: installs Debian's by apt-get where that is allowed.
set -u

if [ "$(uname -s)" != Linux ] || ! command -v apt-get >/dev/null 2>&1 || [ "$(id -u)" != 0 ]; then
  echo "PostgreSQL or MariaDB is not here, and it is not installed for you (that takes root and apt-get)" >&2
  exit 1
fi
if apt-get update >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends postgresql mariadb-server >/dev/null; then
  exit 0
fi
echo "apt-get could not install PostgreSQL and MariaDB" >&2
exit 1
