#!/usr/bin/env bash
# Checks infra/ without a Google account: format, validate, and the tests in infra/tests. Instead of Google's provider
# (100 MB, from the registry) Terraform is given one that serves the recorded schema: infra/tests/provider.
# usage: scripts/check_terraform.sh    (TF_VENV: where the stand-in's environment is kept; PYTHON: what makes it)
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
venv=${TF_VENV:-$root/.venv-terraform}

command -v terraform >/dev/null || {
    echo "terraform is not installed: https://developer.hashicorp.com/terraform/install" >&2
    exit 1
}

# An environment of its own: tf needs an older protobuf than Google's libraries.
if ! "$venv/bin/python" -c 'import tf' 2>/dev/null; then
    "${PYTHON:-python3}" -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$root/infra/tests/provider/requirements.txt"
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/bin"
cat >"$scratch/bin/terraform-provider-google" <<END
#!/bin/sh
exec "$venv/bin/python" "$root/infra/tests/provider/google_stand_in.py" "\$@"
END
chmod +x "$scratch/bin/terraform-provider-google"
cat >"$scratch/dev.tfrc" <<END
provider_installation {
  dev_overrides { "hashicorp/google" = "$scratch/bin" }
}
END
export TF_CLI_CONFIG_FILE="$scratch/dev.tfrc" CHECKPOINT_DISABLE=1 TF_IN_AUTOMATION=1 TF_DATA_DIR="$scratch/data"

cd "$root/infra"
terraform fmt -check -diff -recursive
terraform validate # warns that the provider is overridden: so it is meant
terraform test
