# shellcheck shell=bash
# Part of deploy_cloud_run.sh: bucket, account and service by gcloud alone, without jobs and alerts. To be sourced.
# shellcheck disable=SC2154  # the variables are those of deploy_cloud_run.sh

prepare_with_gcloud() {
    step "services of Google, image repository"
    local services=(artifactregistry cloudbuild iam logging monitoring run storage)
    [ -z "$key_secret$token_secret" ] || services+=(secretmanager)
    run gcloud services enable "${services[@]/%/.googleapis.com}" "${in_project[@]}"
    there gcloud artifacts repositories describe "$service" "--location=$region" "${in_project[@]}" ||
        run gcloud artifacts repositories create "$service" --repository-format=docker "--location=$region" "${in_project[@]}"

    step "bucket gs://$bucket"
    # Never made anew, and never changed, where it is: it may be somebody's who set it up otherwise.
    there gcloud storage buckets describe "gs://$bucket" "${in_project[@]}" ||
        run gcloud storage buckets create "gs://$bucket" "--location=$region" --uniform-bucket-level-access \
            --public-access-prevention --soft-delete-duration=7d "${in_project[@]}"

    step "account $account"
    there gcloud iam service-accounts describe "$account" "${in_project[@]}" ||
        run gcloud iam service-accounts create "$service-run" "--display-name=$service-run" "${in_project[@]}"
    patiently gcloud storage buckets add-iam-policy-binding "gs://$bucket" "--member=serviceAccount:$account" \
        --role=roles/storage.objectUser
    local role secret
    for role in logging.logWriter monitoring.metricWriter; do
        patiently gcloud projects add-iam-policy-binding "$project" "--member=serviceAccount:$account" "--role=roles/$role" \
            --condition=None --quiet
    done
    for secret in $key_secret $token_secret; do
        patiently gcloud secrets add-iam-policy-binding "$secret" "--member=serviceAccount:$account" \
            --role=roles/secretmanager.secretAccessor "${in_project[@]}"
    done
}

# Commands that fail here have to end the caller's `if !`, where set -e does not reach: hence every return.
deploy_with_gcloud() {
    step "service $service"
    local environment="THOTH_STORAGE_URL=gs://$bucket/chroma_db,THOTH_STORAGE_EMBEDDER=$embedder"
    environment+=",GCP_PROJECT_ID=$project,LOG_LEVEL=INFO"
    local secrets='' wanted=()
    [ -z "$key_secret" ] || secrets+=,THOTH_STORAGE_KEY=$key_secret:latest
    [ -z "$token_secret" ] || secrets+=,THOTH_STORAGE_TOKEN=$token_secret:latest
    [ -z "$secrets" ] || wanted=("--set-secrets=${secrets#,}")
    # The same numbers as in infra/ (tests/infra compares them).
    run gcloud run deploy "$service" "${in_region[@]}" "--image=$image" "--service-account=$account" \
        --memory=4Gi --cpu=2 --timeout=300 --min-instances=0 --max-instances=3 --concurrency=20 --cpu-boost \
        --cpu-throttling --execution-environment=gen2 --port=8080 "--ingress=$ingress" --no-allow-unauthenticated \
        --startup-probe=httpGet.path=/ready,httpGet.port=8080,periodSeconds=10,timeoutSeconds=5,failureThreshold=24 \
        --liveness-probe=httpGet.path=/health,httpGet.port=8080,periodSeconds=30,timeoutSeconds=10,failureThreshold=3 \
        "--set-env-vars=$environment" "${wanted[@]}" --quiet || return 1
    # After a rollback requests stay with the older revision until somebody says so.
    run gcloud run services update-traffic "$service" "${in_region[@]}" --to-latest --quiet || return 1
    local member
    for member in "${invokers[@]}"; do
        run gcloud run services add-iam-policy-binding "$service" "${in_region[@]}" "--member=$member" \
            --role=roles/run.invoker || return 1
    done
}
