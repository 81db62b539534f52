# Each optional part, switched on.

mock_provider "google" {
  override_during = plan
  override_resource {
    target = google_service_account.service
    values = { email = "service@test" }
  }
  override_data {
    target = data.google_project.this
    values = { number = "1234" }
  }
}

variables {
  project_id = "test-project"
}

run "invokers" {
  command = plan
  variables {
    invokers = ["group:readers@example.com", "serviceAccount:caller@test-project.iam.gserviceaccount.com"]
    ingress  = "INGRESS_TRAFFIC_ALL"
  }

  assert {
    condition     = toset([for grant in google_cloud_run_v2_service_iam_member.invokers : "${grant.role} ${grant.member}"]) == toset(["roles/run.invoker group:readers@example.com", "roles/run.invoker serviceAccount:caller@test-project.iam.gserviceaccount.com"])
    error_message = "those of the list, as invokers, and nobody else"
  }
  assert {
    condition     = google_cloud_run_v2_service.service.ingress == "INGRESS_TRAFFIC_ALL"
    error_message = "ingress as asked"
  }
}

run "everybody_with_a_token" {
  command = plan
  variables {
    allow_unauthenticated = true
    token_secret          = "thoth-token"
  }

  assert {
    condition     = keys(google_cloud_run_v2_service_iam_member.invokers) == ["allUsers"]
    error_message = "everybody, when asked"
  }
}

run "secrets" {
  command = plan
  variables {
    encryption_key_secret = "thoth-key"
    token_secret          = "thoth-token"
    secret_version        = "3"
  }

  assert {
    condition = {
      for env in google_cloud_run_v2_service.service.template[0].containers[0].env :
      env.name => "${env.value_source[0].secret_key_ref[0].secret}:${env.value_source[0].secret_key_ref[0].version}"
      if length(env.value_source) > 0
    } == { THOTH_STORAGE_KEY = "thoth-key:3", THOTH_STORAGE_TOKEN = "thoth-token:3" }
    error_message = "both, from Secret Manager"
  }
  assert {
    condition = [
      for env in google_cloud_run_v2_job.job["drill"].template[0].template[0].containers[0].env : env.name
      if length(env.value_source) > 0
    ] == ["THOTH_STORAGE_KEY"]
    error_message = "a job reads the key and not the token"
  }
  assert {
    condition     = { for grant in google_secret_manager_secret_iam_member.service : grant.secret_id => "${grant.role} ${grant.member}" } == { thoth-key = "roles/secretmanager.secretAccessor serviceAccount:service@test", thoth-token = "roles/secretmanager.secretAccessor serviceAccount:service@test" }
    error_message = "each secret by its own grant"
  }
  assert {
    condition     = contains(keys(google_project_service.used), "secretmanager.googleapis.com")
    error_message = "its service is switched on"
  }
}

run "direct_egress" {
  command = plan
  variables {
    vpc_subnetwork = "subnet"
    vpc_egress     = "ALL_TRAFFIC"
  }

  assert {
    condition     = google_cloud_run_v2_service.service.template[0].vpc_access[0].network_interfaces[0].subnetwork == "subnet"
    error_message = "the subnetwork"
  }
  assert {
    condition     = google_cloud_run_v2_service.service.template[0].vpc_access[0].egress == "ALL_TRAFFIC"
    error_message = "egress as asked"
  }
  assert {
    condition     = google_cloud_run_v2_job.job["drill"].template[0].template[0].vpc_access[0].network_interfaces[0].subnetwork == "subnet"
    error_message = "the jobs as well"
  }
}

run "connector" {
  command = plan
  variables {
    vpc_connector = "projects/test-project/locations/us-central1/connectors/c"
  }

  assert {
    condition     = length(google_cloud_run_v2_service.service.template[0].vpc_access[0].network_interfaces) == 0
    error_message = "a connector excludes interfaces"
  }
  assert {
    condition     = google_cloud_run_v2_service.service.template[0].vpc_access[0].connector == "projects/test-project/locations/us-central1/connectors/c"
    error_message = "the connector"
  }
}

run "versioning" {
  command = plan
  variables {
    versioning       = true
    soft_delete_days = 0
  }

  assert {
    condition = alltrue([
      for rule in google_storage_bucket.store.lifecycle_rule :
      one(rule.condition).with_state == "ARCHIVED" && one(rule.condition).days_since_noncurrent_time == 30
      if one(rule.action).type == "Delete"
    ])
    error_message = "a rule that deletes touches noncurrent versions alone"
  }
  assert {
    condition     = length(google_storage_bucket.store.lifecycle_rule) == 2 && google_storage_bucket.store.versioning[0].enabled
    error_message = "noncurrent versions end some day"
  }
  assert {
    condition     = google_storage_bucket.store.soft_delete_policy[0].retention_duration_seconds == 0
    error_message = "soft delete off"
  }
}

run "retention_and_key" {
  command = plan
  variables {
    retention_days = 2
    kms_key        = "projects/p/locations/l/keyRings/r/cryptoKeys/k"
  }

  assert {
    condition     = google_storage_bucket.store.retention_policy[0].retention_period == 172800
    error_message = "in seconds"
  }
  assert {
    condition     = google_storage_bucket.store.encryption[0].default_kms_key_name == "projects/p/locations/l/keyRings/r/cryptoKeys/k"
    error_message = "the key"
  }
  assert {
    condition     = google_kms_crypto_key_iam_member.storage[0].member == "serviceAccount:service-1234@gs-project-accounts.iam.gserviceaccount.com"
    error_message = "Cloud Storage may use the key"
  }
}

run "replica" {
  command = plan
  variables {
    read_only  = true
    cpu_always = true
  }

  assert {
    condition     = contains([for env in google_cloud_run_v2_service.service.template[0].containers[0].env : "${env.name}=${env.value}"], "THOTH_STORAGE_READ_ONLY=true")
    error_message = "tools that write are off"
  }
  assert {
    condition     = !google_cloud_run_v2_service.service.template[0].containers[0].resources[0].cpu_idle
    error_message = "CPU between requests"
  }
}

run "nothing_by_the_clock" {
  command = plan
  variables {
    jobs        = {}
    alerts      = false
    alert_email = "on-call@example.com"
  }

  assert {
    condition     = length(google_cloud_run_v2_job.job) + length(google_cloud_scheduler_job.job) + length(google_service_account.scheduler) == 0
    error_message = "no job, no clock, no account for it"
  }
  assert {
    condition     = length(google_monitoring_alert_policy.job) + length(google_monitoring_alert_policy.errors) + length(google_monitoring_notification_channel.email) == 0
    error_message = "no alert, no address"
  }
}

run "address" {
  command = plan
  variables {
    alert_email = "on-call@example.com"
  }

  assert {
    condition     = length(google_monitoring_alert_policy.errors[0].notification_channels) == 1
    error_message = "alerts go to the address"
  }
}
