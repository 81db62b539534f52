#!/usr/bin/env bash
# Proves a deployed service: each check is counted, and one that fails fails the script. Changes nothing but for one
# document that it writes, finds and deletes.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/cloud_common.sh
. "$root/scripts/cloud_common.sh"

usage() {
    cat <<'END'
usage: scripts/verify_deployment.sh --project PROJECT [options]
       scripts/verify_deployment.sh --url http://127.0.0.1:8080 [--read-only] [--json]

  --project ID       Google Cloud project (GCP_PROJECT_ID; else gcloud's own)
  --region REGION    default us-central1 (GCP_REGION)
  --service NAME     default thoth-mcp-server
  --bucket NAME      default: that of the service's THOTH_STORAGE_URL
  --url URL          ask this service and no part of Google: a local one, or one behind a proxy
  --memory, --cpu, --timeout, --max-instances VALUE
                     what the service ought to have, default 4Gi, 2, 300, 3
  --max-age HOURS    how old the newest checkpoint may be, default 26
  --read-only        write nothing: a replica
  --json             one document on stdout, nothing else

The bearer token of the service, if it has one, is read from THOTH_STORAGE_TOKEN. VERIFY_AS names the service account
to ask as, where gcloud's own account has no identity token (GitHub).
Exit codes: 0 all passed, 1 a check failed, 2 wrong usage or something missing on this machine.
END
}

project=${GCP_PROJECT_ID:-} region=${GCP_REGION:-us-central1} service=thoth-mcp-server bucket='' url=''
memory=4Gi cpu=2 timeout=300 max_instances=3 max_age=26 read_only=no json=no
while [ "$#" -gt 0 ]; do
    case $1 in
    --project | --region | --service | --bucket | --url | --memory | --cpu | --timeout)
        need_value "$@"
        printf -v "${1#--}" '%s' "$2"
        shift 2
        ;;
    --max-instances) need_value "$@" && max_instances=$2 && shift 2 ;;
    --max-age) need_value "$@" && max_age=$2 && shift 2 ;;
    --read-only) read_only=yes && shift ;;
    --json) json=yes && shift ;;
    -h | --help) usage && exit 0 ;;
    *) usage >&2 && die 2 "unknown option $1" ;;
    esac
done
[[ $max_age =~ ^[1-9][0-9]*$ ]] || die 2 "--max-age is $max_age; a number of hours"
command -v python3 >/dev/null || die 2 "python3 is missing: https://www.python.org/downloads/"
local_only=no
[ -z "$url" ] || local_only=yes

results=$(mktemp)
answer=$(mktemp)
trap 'rm -f "$results" "$answer"' EXIT
passed=0 failed=0 skipped=0

tell() { # tell STATUS NAME DETAIL
    local colour=$green
    case $1 in
    ok) passed=$((passed + 1)) ;;
    fail) failed=$((failed + 1)) colour=$red ;;
    skip) skipped=$((skipped + 1)) colour=$yellow ;;
    esac
    printf '%s\t%s\t%s\n' "$1" "$2" "$(printf '%s' "$3" | tr '\n\t' '  ')" >>"$results"
    [ "$json" = yes ] || printf '%s%-4s%s %s%s\n' "$colour" "$1" "$plain" "$2" "${3:+: $3}"
}
same() { # same NAME HAVE WANT
    if [ "$2" = "$3" ]; then tell ok "$1" "$2"; else tell fail "$1" "it is ${2:-nothing}, wanted is $3"; fi
}
finish() {
    if [ "$json" = yes ]; then
        python3 - "$results" <<'END'
import json, sys
rows = [line.rstrip("\n").split("\t") for line in open(sys.argv[1], encoding="utf-8")]
checks = [{"status": status, "name": name, "detail": detail} for status, name, detail in rows]
counts = {status: sum(each["status"] == status for each in checks) for status in ("ok", "fail", "skip")}
passed = counts["fail"] == 0 and counts["ok"] > 0
print(json.dumps({"ok": passed, "passed": counts["ok"], "failed": counts["fail"], "skipped": counts["skip"], "checks": checks}))
END
    else
        printf '%s%s passed, %s failed, %s skipped%s\n' "$bold" "$passed" "$failed" "$skipped" "$plain"
    fi
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ] || exit 1
    exit 0
}

# Google's side --------------------------------------------------------------------------------------------------------

# shellcheck source=scripts/verify_google.sh
. "$root/scripts/verify_google.sh"
identity=''
if [ "$local_only" = no ]; then
    command -v gcloud >/dev/null || die 2 "gcloud is missing: https://cloud.google.com/sdk/docs/install"
    [ -n "$project" ] || project=$(configured_project)
    [ -n "$project" ] || die 2 "no project: --project ID, GCP_PROJECT_ID, or gcloud config set project ID"
    verify_service
    verify_bucket
    verify_logs
    as_whom=()
    # An account of a federation (GitHub) has no identity token of its own: it borrows that of a service account.
    [ -z "${VERIFY_AS:-}" ] || as_whom=("--impersonate-service-account=$VERIFY_AS" "--audiences=$url")
    identity=$(gcloud auth print-identity-token "${as_whom[@]}" 2>/dev/null || true)
    if [ -n "$identity" ]; then tell ok "identity token" ""; else tell fail "identity token" "gcloud auth login"; fi
fi

# The service itself ---------------------------------------------------------------------------------------------------

# Cloud Run takes its identity token from X-Serverless-Authorization, which leaves Authorization to the service's own.
# Both by the environment: arguments can be seen by every user of a machine.
MCP_HEADERS=$(IDENTITY=$identity python3 -c '
import json, os
headers = {}
if os.environ["IDENTITY"]:
    headers["X-Serverless-Authorization"] = "Bearer " + os.environ["IDENTITY"]
if os.environ.get("THOTH_STORAGE_TOKEN"):
    headers["Authorization"] = "Bearer " + os.environ["THOTH_STORAGE_TOKEN"]
print(json.dumps(headers))')
export MCP_HEADERS

get() { # get PATH: the status, 000 for no answer; the body goes into the file $answer
    python3 - "$url$1" "$answer" <<'END'
import json, os, sys, urllib.error, urllib.request
url, place = sys.argv[1:]
try:
    with urllib.request.urlopen(urllib.request.Request(url, headers=json.loads(os.environ["MCP_HEADERS"])), timeout=60) as reply:
        status, body = reply.status, reply.read(500)
except urllib.error.HTTPError as error:
    status, body = error.code, error.read(500)
except (OSError, ValueError) as error:
    status, body = "000", str(error).encode()
open(place, "wb").write(body)
print(status)
END
}
verify_route() { # verify_route PATH
    local status
    status=$(get "$1")
    case $status in
    200) tell ok "$1" "" ;;
    403) tell fail "$1" "HTTP 403: this account may not call the service (invokers, --invoker)" ;;
    404) tell fail "$1" "HTTP 404: not let in from here (ingress is internal: run this inside the VPC), or no such service" ;;
    000) tell fail "$1" "no answer: $(cat "$answer")" ;;
    *) tell fail "$1" "HTTP $status $(cat "$answer")" ;;
    esac
}
verify_round_trip() {
    local options=() name="write, read, search, delete" found
    [ "$read_only" = no ] || options=(--read-only) name="status by MCP"
    if found=$(python3 "$root/scripts/mcp_round_trip.py" "$url" "${options[@]}"); then
        tell ok "$name" "$(fields "$found" seconds) s"
    else
        tell fail "$name" "$(fields "$found" what)"
    fi
}

if [ -n "$url" ]; then
    url=${url%/}
    verify_route /health
    verify_route /ready
    verify_round_trip
fi
finish
