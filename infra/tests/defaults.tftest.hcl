# What is made when nothing but the project is said. One run: each costs a second.

mock_provider "google" {
  override_during = plan
  override_resource {
    target = google_service_account.service
    values = { email = "service@test" }
  }
  override_resource {
    target = google_service_account.scheduler
    values = { email = "clock@test" }
  }
}

variables {
  project_id = "test-project"
}

run "defaults" {
  command = plan

  # Size
  assert {
    condition     = google_cloud_run_v2_service.service.name == "thoth-mcp-server"
    error_message = "the name that scripts and docs use"
  }
  assert {
    condition     = google_cloud_run_v2_service.service.template[0].containers[0].resources[0].limits == tomap({ cpu = "2", memory = "4Gi" })
    error_message = "2 vCPU and 4 GiB"
  }
  assert {
    condition     = google_cloud_run_v2_service.service.template[0].timeout == "300s"
    error_message = "300 seconds for a request"
  }
  assert {
    condition     = google_cloud_run_v2_service.service.template[0].scaling[0].min_instance_count == 0
    error_message = "scales to zero"
  }
  assert {
    condition     = google_cloud_run_v2_service.service.template[0].scaling[0].max_instance_count == 3
    error_message = "three instances at most"
  }
  assert {
    condition     = google_cloud_run_v2_service.service.template[0].max_instance_request_concurrency == 20
    error_message = "concurrency is set, not left to Cloud Run"
  }
  assert {
    condition     = google_cloud_run_v2_service.service.template[0].containers[0].resources[0].cpu_idle
    error_message = "no CPU is billed between requests"
  }
  assert {
    condition     = google_cloud_run_v2_service.service.template[0].containers[0].resources[0].startup_cpu_boost
    error_message = "hydration has the boost"
  }

  # Probes
  assert {
    condition     = google_cloud_run_v2_service.service.template[0].containers[0].startup_probe[0].http_get[0].path == "/ready"
    error_message = "requests wait for hydration"
  }
  assert {
    condition = (
      google_cloud_run_v2_service.service.template[0].containers[0].startup_probe[0].failure_threshold *
      google_cloud_run_v2_service.service.template[0].containers[0].startup_probe[0].period_seconds == 240
    )
    error_message = "hydration has all the time that Cloud Run gives"
  }
  assert {
    condition     = google_cloud_run_v2_service.service.template[0].containers[0].liveness_probe[0].http_get[0].path == "/health"
    error_message = "liveness does not depend on the bucket, and Google answers /healthz itself"
  }
  assert {
    condition = (
      google_cloud_run_v2_service.service.template[0].containers[0].liveness_probe[0].timeout_seconds <
      google_cloud_run_v2_service.service.template[0].containers[0].liveness_probe[0].period_seconds
    )
    error_message = "Cloud Run refuses a timeout that is not below the period"
  }

  # Environment
  assert {
    condition = { for env in google_cloud_run_v2_service.service.template[0].containers[0].env : env.name => env.value } == {
      THOTH_STORAGE_URL      = "gs://test-project-thoth-storage/chroma_db"
      THOTH_STORAGE_EMBEDDER = "default"
      GCP_PROJECT_ID         = "test-project"
      LOG_LEVEL              = "INFO"
    }
    error_message = "the store is on gs:// and there is no secret that nobody asked for"
  }
  assert {
    condition     = google_cloud_run_v2_service.service.template[0].containers[0].image == "us-central1-docker.pkg.dev/test-project/thoth-mcp-server/thoth-mcp-server:latest"
    error_message = "the image of the repository that is made here"
  }
  assert {
    condition     = google_cloud_run_v2_service.service.template[0].service_account == "service@test"
    error_message = "the service is its own account, not the project's default one"
  }
  assert {
    condition     = length(google_cloud_run_v2_service.service.template[0].vpc_access) == 0
    error_message = "no VPC unless asked"
  }

  # Who may come
  assert {
    condition     = google_cloud_run_v2_service.service.ingress == "INGRESS_TRAFFIC_INTERNAL_ONLY"
    error_message = "internal unless asked"
  }
  assert {
    condition     = length(google_cloud_run_v2_service_iam_member.invokers) == 0
    error_message = "nobody may call it unless asked"
  }

  # Roles
  assert {
    condition = (
      google_storage_bucket_iam_member.store.role == "roles/storage.objectUser" &&
      google_storage_bucket_iam_member.store.bucket == "test-project-thoth-storage" &&
      google_storage_bucket_iam_member.store.member == "serviceAccount:service@test"
    )
    error_message = "objects of its own bucket, and no more"
  }
  assert {
    condition     = { for role, grant in google_project_iam_member.service : role => grant.member } == { "roles/logging.logWriter" = "serviceAccount:service@test", "roles/monitoring.metricWriter" = "serviceAccount:service@test" }
    error_message = "of the project: logs and metrics, and no more"
  }
  assert {
    condition     = length(google_secret_manager_secret_iam_member.service) == 0
    error_message = "no secret is readable unless used"
  }
  assert {
    condition = alltrue([
      for name, grant in google_cloud_run_v2_job_iam_member.scheduler :
      grant.role == "roles/run.invoker" && grant.member == "serviceAccount:clock@test" && grant.name == "thoth-mcp-server-${name}"
    ])
    error_message = "the scheduler may start the jobs"
  }

  # Bucket
  assert {
    condition     = google_storage_bucket.store.uniform_bucket_level_access && google_storage_bucket.store.public_access_prevention == "enforced"
    error_message = "no object has an access list or is public"
  }
  assert {
    condition     = !google_storage_bucket.store.force_destroy
    error_message = "a bucket with objects stays"
  }
  assert {
    condition     = google_storage_bucket.store.soft_delete_policy[0].retention_duration_seconds == 604800
    error_message = "what was deleted comes back for a week"
  }
  assert {
    condition     = [for rule in google_storage_bucket.store.lifecycle_rule : one(rule.action).type] == ["AbortIncompleteMultipartUpload"]
    error_message = "no rule deletes a live object"
  }
  assert {
    condition     = google_storage_bucket.store.location == "US-CENTRAL1"
    error_message = "beside the service"
  }
  assert {
    condition     = length(google_storage_bucket.store.encryption) + length(google_storage_bucket.store.retention_policy) == 0
    error_message = "no own key and no retention unless asked"
  }

  # Jobs
  assert {
    condition = { for name, job in google_cloud_run_v2_job.job : name => join(" ", concat(
      job.template[0].template[0].containers[0].command, job.template[0].template[0].containers[0].args
      )) } == {
      checkpoint = "thoth-storage checkpoint"
      prune      = "thoth-storage prune"
      drill      = "thoth-storage drill"
      health     = "thoth-storage health"
    }
    error_message = "the four verbs"
  }
  assert {
    condition     = alltrue([for job in google_cloud_run_v2_job.job : job.template[0].template[0].service_account == "service@test"])
    error_message = "a job is the account of the service"
  }
  assert {
    condition = alltrue([
      for job in google_cloud_run_v2_job.job : contains(
        [for env in job.template[0].template[0].containers[0].env : "${env.name}=${env.value}"],
        "THOTH_STORAGE_URL=gs://test-project-thoth-storage/chroma_db"
      )
    ])
    error_message = "a job works on the store of the service"
  }
  assert {
    condition     = google_cloud_scheduler_job.job["drill"].http_target[0].uri == "https://run.googleapis.com/v2/projects/test-project/locations/us-central1/jobs/thoth-mcp-server-drill:run"
    error_message = "the clock calls the job"
  }
  assert {
    condition     = google_cloud_scheduler_job.job["drill"].http_target[0].oauth_token[0].service_account_email == "clock@test"
    error_message = "as its own account"
  }

  # Alerts
  assert {
    condition     = length(google_monitoring_alert_policy.errors) == 1 && length(google_monitoring_alert_policy.memory) == 1
    error_message = "errors and memory"
  }
  assert {
    condition     = toset(keys(google_monitoring_alert_policy.job)) == toset(["checkpoint", "prune", "drill", "health"])
    error_message = "each job that fails is told"
  }
  assert {
    condition     = strcontains(google_monitoring_alert_policy.job["health"].conditions[0].condition_threshold[0].filter, "resource.labels.job_name = \"thoth-mcp-server-health\"")
    error_message = "of its own job"
  }
  assert {
    condition     = length(google_monitoring_notification_channel.email) == 0
    error_message = "no address unless given"
  }

  # Services
  assert {
    condition     = alltrue([for service in google_project_service.used : !service.disable_on_destroy])
    error_message = "others may use them"
  }
  assert {
    condition     = !contains(keys(google_project_service.used), "secretmanager.googleapis.com")
    error_message = "only what is used is switched on"
  }

  # Outputs
  assert {
    condition     = output.store_url == "gs://test-project-thoth-storage/chroma_db" && output.bucket == "test-project-thoth-storage"
    error_message = "where the store is"
  }
  assert {
    condition     = output.jobs["drill"] == "thoth-mcp-server-drill"
    error_message = "jobs by what they do"
  }
}
