#!/usr/bin/env bash
# Builds the image and runs it once, on a machine with neither a Docker engine nor a way to Docker's registry: buildah and
# podman from Debian, and Debian itself as the base. What it proves is the Dockerfile; what it builds is not what Cloud
# Build builds, whose base is python:3.12-slim-bookworm.
# usage: scripts/build_image.sh [lexical|default]    (root; apt-get install buildah podman debootstrap runc)
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
embedder=${1:-lexical}
base=localhost/debian-python:bookworm image=localhost/thoth-mcp-server:try
storage=(--storage-driver overlay)

for tool in buildah podman debootstrap runc; do
    command -v "$tool" >/dev/null || {
        echo "$tool is missing: apt-get install buildah podman debootstrap runc" >&2
        exit 2
    }
done

scratch=$(mktemp -d)
container=thoth-image-try
trap 'podman "${storage[@]}" rm --force "$container" >/dev/null 2>&1 || true; rm -rf "$scratch"' EXIT

if ! buildah "${storage[@]}" images --quiet "$base" >/dev/null 2>&1; then
    debootstrap --variant=minbase --include=ca-certificates,python3,python3-venv bookworm "$scratch/root" >"$scratch/log" ||
        { tail "$scratch/log" >&2 && exit 1; }
    ln -s python3 "$scratch/root/usr/bin/python"
    # pip asks where this machine asks, and trusts what it trusts (a proxy may have a root of its own).
    [ ! -f /etc/pip.conf ] || cp /etc/pip.conf "$scratch/root/etc/pip.conf"
    cp /etc/ssl/certs/ca-certificates.crt "$scratch/root/etc/ssl/certs/ca-certificates.crt"
    rm -rf "$scratch/root/var/cache/apt" "$scratch/root/var/lib/apt/lists"
    working=$(buildah "${storage[@]}" from scratch)
    buildah "${storage[@]}" add --quiet "$working" "$scratch/root" / >/dev/null
    buildah "${storage[@]}" commit --quiet --rm "$working" "$base" >/dev/null
fi

buildah "${storage[@]}" bud --isolation chroot --network host --pull-never --format docker \
    --build-arg "PYTHON_IMAGE=$base" --build-arg "EMBEDDER=$embedder" --tag "$image" "$root"
echo "size: base $(podman "${storage[@]}" image inspect --format '{{.Size}}' "$base") bytes, with the service $(podman "${storage[@]}" image inspect --format '{{.Size}}' "$image") bytes"

[ "$(podman "${storage[@]}" image inspect --format '{{.User}}' "$image")" = 10001:10001 ]
podman "${storage[@]}" --cgroup-manager cgroupfs --runtime "$(command -v runc)" run --detach --name "$container" \
    --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 --network host --pull never --memory 4g \
    --env PORT=18080 --env THOTH_STORAGE_URL=/var/cache/thoth/store "$image" >/dev/null
for _ in $(seq 60); do
    if "$root/scripts/verify_deployment.sh" --url http://127.0.0.1:18080 >"$scratch/told"; then break; fi
    sleep 1
done
cat "$scratch/told"
grep -q ' 0 failed' "$scratch/told"
podman "${storage[@]}" exec "$container" sh -c 'test "$(id -u)" = 10001; ! command -v pip gcc'
podman "${storage[@]}" stop --time 10 "$container" >/dev/null
code=$(podman "${storage[@]}" inspect --format '{{.State.ExitCode}}' "$container")
echo "ended by SIGTERM with $code"
[ "$code" = 0 ]
