#!/usr/bin/env bash
# Runs the tests of what depends on chromadb with the oldest one that pyproject.toml allows, in an environment of its own.
# UV: a uv to install with, which takes a tenth of pip's time.
set -euo pipefail
cd "$(dirname "$0")/.."

oldest=$(sed -n 's/^ *"chromadb>=\([0-9.]*\),.*/\1/p' pyproject.toml)
[ -n "$oldest" ] || { echo "pyproject.toml has no lower bound for chromadb" >&2; exit 1; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# The versions that CI tests with, but for chromadb and what only the older one needs.
grep -v '^chromadb==' constraints.txt >"$scratch/constraints.txt"
"${PYTHON:-python3}" -m venv "$scratch/venv"
install=("$scratch/venv/bin/python" -m pip install --disable-pip-version-check)
[ -z "${UV:-}" ] || install=("$UV" pip install --python "$scratch/venv/bin/python")
"${install[@]}" --quiet -c "$scratch/constraints.txt" \
    "chromadb==$oldest" ".[testing]" pytest-timeout pytest-xdist ./plugins/thoth-storage-local
"$scratch/venv/bin/python" -c "import chromadb; assert chromadb.__version__ == '$oldest', chromadb.__version__"
"$scratch/venv/bin/python" -m pytest -q -n "${WORKERS:-auto}" --dist loadfile -p no:cacheprovider \
    tests/live/test_drop_in*.py tests/live/test_surface.py tests/live/test_index_reads.py tests/store/test_snapshots.py \
    tests/shared/test_fixture_store.py tests/shared/test_recording.py tests/shared/test_refused.py
