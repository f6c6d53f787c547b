#!/bin/sh
# Install what foreign programs the tests talk to need: npm packages from their lock files, and Python
# packages whose requirements are not ours into environments of their own, below .cache/foreign.
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
for wanted in "$here"/*/requirements.txt; do
    [ -f "$wanted" ] || continue
    name=$(basename "$(dirname "$wanted")")
    folder="$here/../../.cache/foreign/$name"
    if [ ! -f "$folder/installed" ] || [ "$wanted" -nt "$folder/installed" ]; then
        (python3 -m venv "$folder" && "$folder/bin/pip" install --quiet --no-deps -r "$wanted" \
            && touch "$folder/installed") 2>/dev/null \
            || echo "Python packages of $name could not be installed: the tests that need them will fail" >&2
    fi
done
exit 0
