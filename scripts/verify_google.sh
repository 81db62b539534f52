# shellcheck shell=bash
# Part of verify_deployment.sh: what Google tells of the service, its bucket, its logs. To be sourced.
# shellcheck disable=SC2154,SC2034  # the variables are those of verify_deployment.sh

fields() { # fields DOCUMENT PATH...: values of a JSON document, one a line, empty where there is none. a/b, 0 for the
    # first of a list, name=X for that of a list which is called so; ~1 in a name is a slash
    python3 -c '
import json, sys
for path in sys.argv[2:]:
    try:
        value = json.loads(sys.argv[1])
        for word in path.split("/"):
            key, equals, wanted = word.partition("=")
            if equals:
                value = next(each for each in value if each.get(key) == wanted)
            else:
                value = value[int(word)] if isinstance(value, list) else value[word.replace("~1", "/")]
    except (LookupError, StopIteration, TypeError, ValueError):
        value = ""
    print(" ".join((value if isinstance(value, str) else json.dumps(value)).split()))' "$@"
}

verify_service() {
    local found container=spec/template/spec/containers/0 limits values store
    if ! found=$(gcloud run services describe "$service" "--project=$project" "--region=$region" --format=json 2>/dev/null); then
        tell fail "service $service" "there is none in $project, $region, or this account may not see it"
        return
    fi
    tell ok "service $service" ""
    limits=$container/resources/limits
    mapfile -t values < <(fields "$found" status/conditions/type=Ready/status status/latestReadyRevisionName \
        status/latestCreatedRevisionName status/url $limits/memory $limits/cpu spec/template/spec/timeoutSeconds \
        spec/template/metadata/annotations/autoscaling.knative.dev~1maxScale $container/env/name=THOTH_STORAGE_URL/value \
        spec/template/spec/serviceAccountName)
    same "ready" "${values[0]}" True
    same "newest revision serves" "${values[1]}" "${values[2]}"
    url=${values[3]}
    same "memory" "${values[4]}" "$memory"
    same "CPU" "${values[5]}" "$cpu"
    same "timeout" "${values[6]}" "$timeout"
    same "most instances" "${values[7]}" "$max_instances"
    store=${values[8]}
    account=${values[9]}
    if [[ $store == gs://?*/?* ]]; then
        tell ok "THOTH_STORAGE_URL" "$store"
        [ -n "$bucket" ] || { bucket=${store#gs://} && bucket=${bucket%%/*}; }
        if [ "${store#"gs://$bucket/"}" = "$store" ]; then tell fail "bucket of the store" "$store is not in gs://$bucket"; fi
    else
        tell fail "THOTH_STORAGE_URL" "it is ${store:-nothing}, not gs://bucket/folder: what is written would be gone with the instance"
    fi
    prefix=${store#"gs://$bucket/"}
    if [ -n "$account" ] && [[ $account != *-compute@developer.gserviceaccount.com ]]; then
        tell ok "account" "$account"
    else
        tell fail "account" "it is ${account:-the default one of the project}, which may do too much"
    fi
    found=$(gcloud run services get-iam-policy "$service" "--project=$project" "--region=$region" --format=json 2>/dev/null || true)
    case $found in
    '') tell skip "who may call" "this account may not see it" ;;
    *allUsers* | *allAuthenticatedUsers*) tell fail "who may call" "everybody" ;;
    *) tell ok "who may call" "those who are named" ;;
    esac
}

verify_bucket() {
    local found values newest age
    if [ -z "$bucket" ]; then
        tell skip "bucket" "it is not known"
        return
    fi
    if ! found=$(gcloud storage buckets describe "gs://$bucket" "--project=$project" --format=json 2>/dev/null); then
        tell fail "bucket gs://$bucket" "there is none, or this account may not see it"
        return
    fi
    tell ok "bucket gs://$bucket" ""
    mapfile -t values < <(fields "$found" uniform_bucket_level_access public_access_prevention)
    same "uniform access" "${values[0]}" true
    same "public access prevention" "${values[1]}" enforced
    found=$(gcloud storage buckets get-iam-policy "gs://$bucket" "--project=$project" --format=json 2>/dev/null || true)
    if MEMBER="serviceAccount:${account:-}" python3 -c '
import json, os, sys
roles = {"roles/storage.objectUser", "roles/storage.objectAdmin"}
bindings = json.loads(sys.argv[1] or "{}").get("bindings", [])
sys.exit(not any(each["role"] in roles and os.environ["MEMBER"] in each["members"] for each in bindings))' "$found"; then
        tell ok "the service may write the bucket" ""
    else
        tell fail "the service may write the bucket" "roles/storage.objectUser is not given to ${account:-its account} there"
    fi

    newest=$(gcloud storage objects list "gs://$bucket/${prefix:-chroma_db}/snapshots/**" "--project=$project" \
        '--format=value(creation_time)' 2>/dev/null | sort | tail -n 1 || true)
    if [ -z "$newest" ]; then
        tell skip "newest checkpoint" "there is none yet"
        return
    fi
    age=$(python3 -c '
import datetime as d, re, sys
time = d.datetime.strptime(re.sub(r"(\.\d+)?(Z|\+00:?00)?$", "", sys.argv[1]), "%Y-%m-%dT%H:%M:%S")
print(int((d.datetime.now(d.timezone.utc) - time.replace(tzinfo=d.timezone.utc)).total_seconds() // 3600))' "$newest")
    if [ "$age" -le "$max_age" ]; then
        tell ok "newest checkpoint" "$age h old"
    else
        tell fail "newest checkpoint" "$age h old, $max_age may be: does the job $service-checkpoint run?"
    fi
}

verify_logs() {
    if gcloud logging read \
        "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"$service\"" \
        "--project=$project" --freshness=1d --limit=1 --format=json >/dev/null 2>&1; then
        tell ok "logs can be read" ""
    else
        tell fail "logs can be read" "this account may not (roles/logging.viewer), or the service is not switched on"
    fi
}
