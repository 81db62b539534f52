#!/usr/bin/env bats
# The scripts as an operator runs them, with a gcloud that only writes down what it is asked, and what it was asked given
# to the parsers of the real one, where that is installed. tests/infra/test_*.py try the cases one by one.

setup() {
    root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    real=$(command -v gcloud || true)
    log=$BATS_TEST_TMPDIR/log
    mkdir "$BATS_TEST_TMPDIR/bin"
    for name in gcloud docker; do
        cat >"$BATS_TEST_TMPDIR/bin/$name" <<END
#!/bin/bash
{ printf '$name'; printf ' %q' "\$@"; echo; } >>'$log'
case "$name \$*" in
"gcloud version") echo "Google Cloud SDK 528.0.0" ;;
"docker --version") echo "Docker version 28.2.2" ;;
"gcloud auth list "*) echo someone@example.com ;;
*" describe "*) [ -n "\${IS_THERE:-}" ] ;;
esac
END
        chmod +x "$BATS_TEST_TMPDIR/bin/$name"
    done
    PATH=$BATS_TEST_TMPDIR/bin:$PATH
    unset GCP_PROJECT_ID GCP_REGION GCS_BUCKET_NAME IMAGE_TAG THOTH_STORAGE_EMBEDDER THOTH_STORAGE_TOKEN VERIFY_AS
    export RETRY_SECONDS=0
    deploy=("$root/scripts/deploy_cloud_run.sh" --project test-project --tag t1 --method gcloud)
}

parsed() { # parsed FILE: each line that begins with gcloud is a command that the real gcloud takes
    [ -n "$real" ] || skip "gcloud is not installed"
    { echo '```' && grep '^gcloud' "$1" && echo '```'; } >"$BATS_TEST_TMPDIR/commands.md"
    "$real" meta lint-gcloud-commands --commands-text-file "$BATS_TEST_TMPDIR/commands.md" >"$BATS_TEST_TMPDIR/parsed.json"
    python3 - "$BATS_TEST_TMPDIR/parsed.json" "$(grep -c '^gcloud' "$1")" <<'END'
import json, sys
found = json.load(open(sys.argv[1], encoding="utf-8"))
bad = [(each["command_string"], each["error_message"]) for each in found if not each["success"]]
assert not bad, bad
assert len(found) == int(sys.argv[2]), (len(found), sys.argv[2])
END
}

@test "a dry run prints commands that gcloud takes, and runs none" {
    "${deploy[@]}" --dry-run --build docker --key-secret key --token-secret token --invoker user:a@example.com \
        >"$BATS_TEST_TMPDIR/printed"
    [ "$(grep -vc ' version$\| --version$' "$log")" -eq 0 ]
    grep -q '^gcloud run deploy thoth-mcp-server ' "$BATS_TEST_TMPDIR/printed"
    parsed "$BATS_TEST_TMPDIR/printed"
}

@test "an empty project gets bucket, account and service, in this order" {
    IS_THERE='' run "${deploy[@]}" --no-verify
    # The project has to be there: that is asked first.
    [ "$status" -eq 2 ]
    [[ $output == *"project test-project is not there"* ]]
    sed -i 's/\*" describe "\*)/*" projects describe "*) ;;\n&/' "$BATS_TEST_TMPDIR/bin/gcloud"
    "${deploy[@]}" --no-verify
    made=$(grep -oE 'buckets create|service-accounts create|builds submit|run deploy' "$log" | tr '\n' ',')
    [ "$made" = "buckets create,service-accounts create,builds submit,run deploy," ]
}

@test "what a deployment and its verification ask is what gcloud takes" {
    # Nothing that verification asks is answered: it fails, and says so.
    IS_THERE=1 run "${deploy[@]}"
    [ "$status" -eq 1 ]
    [[ $output == *"the new revision does not pass"* ]]
    grep -v '^gcloud version' "$log" >"$BATS_TEST_TMPDIR/asked"
    [ "$(grep -c '^gcloud' "$BATS_TEST_TMPDIR/asked")" -gt 12 ]
    parsed "$BATS_TEST_TMPDIR/asked"
}

@test "verification of nothing fails, and counts" {
    run "$root/scripts/verify_deployment.sh" --url http://127.0.0.1:1 --json
    [ "$status" -eq 1 ]
    python3 -c 'import json, sys; found = json.loads(sys.argv[1]); assert (found["ok"], found["failed"]) == (False, 3), found' "$output"
}
