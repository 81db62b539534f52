#!/usr/bin/env bash
# Installs the wheels in a folder into an empty environment and uses them from elsewhere: what is not packed fails here.
# usage: scripts/smoke_wheels.sh DIST
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
dist=$(cd "$1" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

"${PYTHON:-python3}" -m venv "$scratch/venv"
bin="$scratch/venv/bin"
core=$(echo "$dist"/thoth_storage-*.whl)
"$bin/python" -m pip install --quiet -c "$root/constraints.txt" "${core}[testing]" "$dist"/thoth_storage_*.whl

cd "$scratch"
"$bin/thoth-storage" plugins
"$bin/thoth-storage" demo store
"$bin/thoth-storage" verify store
"$bin/thoth-storage" check store
"$bin/python" -W error -c 'import thoth_storage as ts; assert all(getattr(ts, name) for name in ts.__all__)'

# The conformance kit, as the author of a plugin elsewhere uses it.
for plugin in "$root"/examples/thoth-storage-*/; do
    cp -r "$plugin" "$scratch/plugin"
    "$bin/python" -m pip install --quiet --no-deps "$scratch/plugin"
    (cd "$scratch/plugin" && "$bin/python" -m pytest -q -W error --strict-markers --strict-config -p no:cacheprovider)
    rm -rf "$scratch/plugin"
done
echo "the wheels work"
