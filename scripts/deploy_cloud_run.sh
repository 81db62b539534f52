#!/usr/bin/env bash
# From a clone to a running, verified service on Cloud Run. Can be run again at any time: what is there is kept.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/cloud_common.sh
. "$root/scripts/cloud_common.sh"

usage() {
    cat <<'END'
usage: scripts/deploy_cloud_run.sh --project PROJECT [options]

  --project ID         Google Cloud project (GCP_PROJECT_ID; else gcloud's own)
  --region REGION      default us-central1 (GCP_REGION)
  --service NAME       default thoth-mcp-server
  --bucket NAME        bucket of the store, default PROJECT-thoth-storage (GCS_BUCKET_NAME)
  --tag TAG            tag of the image, default the commit (IMAGE_TAG)
  --embedder NAME      default (Chroma's model, put into the image) or lexical (THOTH_STORAGE_EMBEDDER)
  --method HOW         terraform (default: all of infra/) or gcloud (bucket, account, service; no jobs, no alerts)
  --build HOW          cloud (default: Cloud Build), docker (here), none (the image of that tag is there)
  --ingress WHERE      internal (default), internal-and-cloud-load-balancing, or all
  --invoker MEMBER     who may call it: user:..., group:..., serviceAccount:... (again for more)
  --key-secret ID      secret with THOTH_STORAGE_KEY, which exists
  --token-secret ID    secret with THOTH_STORAGE_TOKEN, which exists
  --state-bucket NAME  keep Terraform's state there (TF_STATE_BUCKET)
  --rollback           when the new revision does not pass verification, send requests to the one before
  --no-verify          do not run scripts/verify_deployment.sh at the end
  --dry-run            print each command, run none
  -h, --help

Exit codes: 0 done, 1 failed, 2 wrong usage or something missing on this machine.
END
}

project=${GCP_PROJECT_ID:-} region=${GCP_REGION:-us-central1} service=thoth-mcp-server bucket=${GCS_BUCKET_NAME:-}
tag=${IMAGE_TAG:-} embedder=${THOTH_STORAGE_EMBEDDER:-default} method=terraform build=cloud ingress=internal
key_secret='' token_secret='' state_bucket=${TF_STATE_BUCKET:-} invokers=() rollback=no verify=yes dry=no

while [ "$#" -gt 0 ]; do
    case $1 in
    --project | --region | --service | --bucket | --tag | --embedder | --method | --build | --ingress)
        need_value "$@"
        printf -v "${1#--}" '%s' "$2"
        shift 2
        ;;
    --invoker)
        need_value "$@"
        invokers+=("$2")
        shift 2
        ;;
    --key-secret) need_value "$@" && key_secret=$2 && shift 2 ;;
    --token-secret) need_value "$@" && token_secret=$2 && shift 2 ;;
    --state-bucket) need_value "$@" && state_bucket=$2 && shift 2 ;;
    --rollback) rollback=yes && shift ;;
    --no-verify) verify=no && shift ;;
    --dry-run) dry=yes && shift ;;
    -h | --help) usage && exit 0 ;;
    *) usage >&2 && die 2 "unknown option $1" ;;
    esac
done

one_of() { # one_of OPTION VALUE CHOICES...
    local option=$1 value=$2 choice
    shift 2
    for choice in "$@"; do [ "$value" = "$choice" ] && return; done
    die 2 "$option is $value; it may be: $*"
}
one_of --method "$method" terraform gcloud
one_of --build "$build" cloud docker none
one_of --ingress "$ingress" internal internal-and-cloud-load-balancing all
for member in "${invokers[@]}"; do
    [[ $member =~ ^((user|group|serviceAccount|domain):[^[:space:]:]+|principal(Set)?://[^[:space:]]+)$ ]] ||
        die 2 "--invoker $member: name the kind (user:, group:, serviceAccount:, domain:, principal://). Everybody is never let in by this script."
done

quoted() { # a command as it can be typed
    local words
    printf -v words ' %q' "$@"
    printf '%s' "${words# }"
}
run() {
    if [ "$dry" = yes ]; then
        quoted "$@" && echo
    else
        printf '%s+ %s%s\n' "$bold" "$(quoted "$@")" "$plain" >&2
        "$@"
    fi
}
patiently() { # an account that was just made is unknown to other services for some seconds
    local try
    for try in 1 2 3 4; do
        if run "$@"; then return; fi
        note "again in $((try * ${RETRY_SECONDS:-5})) s"
        sleep "$((try * ${RETRY_SECONDS:-5}))"
    done
    run "$@"
}
there() { # whether a describe finds something. A dry run finds nothing, so that it prints what makes it.
    [ "$dry" = no ] && "$@" >/dev/null 2>&1
}

# Prerequisites --------------------------------------------------------------------------------------------------------

missing() { # missing WHAT WHERE-FROM
    if [ "$dry" = yes ]; then note "missing here: $1 ($2)"; else die 2 "$1 is missing: $2"; fi
}
check_tool() { # check_tool NAME OLDEST VERSION-COMMAND WHERE-FROM
    local name=$1 oldest=$2 version=$3 from=$4 have
    if ! command -v "$name" >/dev/null; then
        missing "$name" "$from"
        return
    fi
    have=$(sh -c "$version" 2>/dev/null | grep -oE '[0-9]+\.[0-9]+(\.[0-9]+)?' | head -n 1 || true)
    if ! at_least "${have:-0}" "$oldest"; then missing "$name $oldest or newer (here: ${have:-unknown})" "$from"; fi
}

step "prerequisites"
check_tool gcloud 500.0.0 'gcloud version' 'https://cloud.google.com/sdk/docs/install'
[ "$method" = gcloud ] ||
    check_tool terraform 1.9.0 'terraform version' 'https://developer.hashicorp.com/terraform/install'
[ "$build" != docker ] || check_tool docker 20.10.0 'docker --version' 'https://docs.docker.com/engine/install/'
[ "$verify" = no ] || check_tool python3 3.9.0 'python3 --version' 'https://www.python.org/downloads/'

if [ -z "$project" ] && command -v gcloud >/dev/null; then project=$(configured_project); fi
[ -n "$project" ] || die 2 "no project: --project ID, GCP_PROJECT_ID, or gcloud config set project ID"
bucket=${bucket:-$project-thoth-storage}
if [ -z "$tag" ]; then
    tag=$(git -C "$root" rev-parse --short=12 HEAD 2>/dev/null || date -u +%Y%m%d%H%M%S)
    # What is not committed is an image of its own: a tag that is used twice makes no new revision.
    [ -z "$(git -C "$root" status --porcelain 2>/dev/null)" ] || tag=$tag-$(date -u +%Y%m%d%H%M%S)
fi
registry=$region-docker.pkg.dev/$project/$service
image=$registry/$service:$tag
account=$service-run@$project.iam.gserviceaccount.com
in_project=("--project=$project")
in_region=("--project=$project" "--region=$region")

if [ "$dry" = no ]; then
    [ -n "$(gcloud auth list --filter=status:ACTIVE '--format=value(account)' 2>/dev/null)" ] ||
        die 2 "gcloud has no account: gcloud auth login"
    gcloud projects describe "$project" '--format=value(projectId)' >/dev/null 2>&1 ||
        die 2 "project $project is not there, or this account may not see it"
fi

previous=''
if there gcloud run services describe "$service" "${in_region[@]}"; then
    previous=$(gcloud run services describe "$service" "${in_region[@]}" '--format=value(status.latestReadyRevisionName)')
fi

# The parts ------------------------------------------------------------------------------------------------------------

build_image() {
    step "image $image"
    case $build in
    cloud)
        run gcloud builds submit "${in_project[@]}" "--config=$root/scripts/cloudbuild.yaml" \
            "--substitutions=_IMAGE=$image,_EMBEDDER=$embedder" "$root"
        ;;
    docker)
        run gcloud auth configure-docker "$region-docker.pkg.dev" --quiet
        run docker build --build-arg "EMBEDDER=$embedder" --tag "$image" "$root"
        run docker push "$image"
        ;;
    none) note "not built: $image has to be there" ;;
    esac
}

# shellcheck source=scripts/deploy_with_terraform.sh
. "$root/scripts/deploy_with_terraform.sh"
# shellcheck source=scripts/deploy_with_gcloud.sh
. "$root/scripts/deploy_with_gcloud.sh"

go_back() {
    if [ "$rollback" = no ]; then
        [ -z "$previous" ] || note "the revision before: gcloud run services update-traffic $service --to-revisions=$previous=100 ${in_region[*]}"
        return
    fi
    if [ -z "$previous" ]; then
        note "there is no revision to go back to"
        return
    fi
    step "back to $previous"
    run gcloud run services update-traffic "$service" "${in_region[@]}" "--to-revisions=$previous=100" --quiet
}

"prepare_with_$method"
build_image
if ! "deploy_with_$method"; then
    go_back
    die 1 "the deployment failed; see above, and docs/CLOUD_RUN_DEPLOYMENT.md, Troubleshooting"
fi

if [ "$verify" = yes ]; then
    step "verification"
    if ! run "$root/scripts/verify_deployment.sh" --project "$project" --region "$region" --service "$service" --bucket "$bucket"; then
        go_back
        die 1 "the new revision does not pass; see above"
    fi
fi
[ "$dry" = no ] || { note "dry run: nothing was done" && exit 0; }
done_ "done: $service runs $image, its store is gs://$bucket/chroma_db"
