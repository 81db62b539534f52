# shellcheck shell=bash
# Part of deploy_cloud_run.sh: all of infra/. To be sourced.
# shellcheck disable=SC2154  # the variables are those of deploy_cloud_run.sh

terraform_here() { run terraform "-chdir=$root/infra" "$@"; }

# Commands that fail here have to end the caller's `if !`, where set -e does not reach: hence every && and ||.
terraform_variables() {
    local way=INGRESS_TRAFFIC_INTERNAL_ONLY list='' member
    case $ingress in
    all) way=INGRESS_TRAFFIC_ALL ;;
    internal-and-cloud-load-balancing) way=INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER ;;
    esac
    variables=(
        "-var=project_id=$project" "-var=region=$region" "-var=service_name=$service" "-var=bucket_name=$bucket"
        "-var=image_tag=$tag" "-var=embedder=$embedder" "-var=ingress=$way"
        "-var=encryption_key_secret=$key_secret" "-var=token_secret=$token_secret"
    )
    for member in "${invokers[@]}"; do list+=${list:+,}\"$member\"; done
    [ -z "$list" ] || variables+=("-var=invokers=[$list]")
}

prepare_with_terraform() {
    step "Terraform"
    if [ -n "$state_bucket" ] && [ "$dry" = no ]; then
        printf 'terraform {\n  backend "gcs" {\n    bucket = "%s"\n    prefix = "%s"\n  }\n}\n' \
            "$state_bucket" "$service" >"$root/infra/backend.tf"
    fi
    terraform_variables
    terraform_here init -input=false
    # The image has to be somewhere before the service can name it.
    terraform_here apply -input=false -auto-approve "${variables[@]}" -target=google_artifact_registry_repository.images
}

deploy_with_terraform() {
    step "service, bucket, jobs, alerts"
    terraform_here apply -input=false -auto-approve "${variables[@]}"
}
