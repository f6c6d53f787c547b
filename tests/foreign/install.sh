#!/bin/sh
# Install the npm packages of the servers that the driver tests talk to, from their lock files.
set -u
here=$(cd "$(dirname "$0")" && pwd)
for folder in "$here"/*/; do
    [ -f "$folder/package-lock.json" ] || continue
    stamp="$folder/node_modules/.package-lock.json"
    if [ ! -f "$stamp" ] || [ "$folder/package-lock.json" -nt "$stamp" ]; then
        (cd "$folder" && npm ci --silent --no-audit --no-fund && touch "$stamp") \
            || echo "npm packages of $folder could not be installed: the tests that need them will fail" >&2
    fi
done
exit 0
