# What the clock starts. A service that scales to zero cannot be trusted to do anything at a given hour.

resource "google_cloud_run_v2_job" "job" {
  for_each            = var.jobs
  project             = var.project_id
  name                = "${var.service_name}-${each.key}"
  location            = var.region
  labels              = var.labels
  deletion_protection = var.deletion_protection

  template {
    task_count  = 1
    parallelism = 1

    template {
      service_account = google_service_account.service.email
      timeout         = "${each.value.timeout_seconds}s"
      # The next hour is the retry; a failure is told at once (monitoring.tf).
      max_retries           = 0
      execution_environment = "EXECUTION_ENVIRONMENT_GEN2"

      containers {
        image   = local.image
        command = ["thoth-storage"]
        args    = each.value.args

        resources {
          limits = {
            cpu    = var.cpu
            memory = var.memory
          }
        }

        dynamic "env" {
          for_each = local.environment
          content {
            name  = env.key
            value = env.value
          }
        }

        dynamic "env" {
          for_each = local.job_secrets
          content {
            name = env.key
            value_source {
              secret_key_ref {
                secret  = env.value
                version = var.secret_version
              }
            }
          }
        }
      }

      dynamic "vpc_access" {
        for_each = var.vpc_connector != "" || var.vpc_network != "" || var.vpc_subnetwork != "" ? [var.vpc_egress] : []
        content {
          egress    = vpc_access.value
          connector = var.vpc_connector != "" ? var.vpc_connector : null
          dynamic "network_interfaces" {
            for_each = var.vpc_connector == "" ? [var.vpc_network] : []
            content {
              network    = network_interfaces.value != "" ? network_interfaces.value : null
              subnetwork = var.vpc_subnetwork != "" ? var.vpc_subnetwork : null
            }
          }
        }
      }
    }
  }

  lifecycle {
    ignore_changes = [client, client_version]
  }

  depends_on = [
    google_storage_bucket_iam_member.store,
    google_secret_manager_secret_iam_member.service,
    google_artifact_registry_repository.images,
  ]
}

resource "google_cloud_scheduler_job" "job" {
  for_each         = var.jobs
  project          = var.project_id
  region           = var.region
  name             = "${var.service_name}-${each.key}"
  description      = "thoth-storage ${join(" ", each.value.args)}"
  schedule         = each.value.schedule
  time_zone        = var.time_zone
  attempt_deadline = "60s"

  http_target {
    http_method = "POST"
    uri         = "https://run.googleapis.com/v2/projects/${var.project_id}/locations/${var.region}/jobs/${google_cloud_run_v2_job.job[each.key].name}:run"
    oauth_token {
      service_account_email = google_service_account.scheduler[0].email
      scope                 = "https://www.googleapis.com/auth/cloud-platform"
    }
  }

  # Starting a job twice does no harm: the verbs can run beside each other.
  retry_config {
    retry_count = 3
  }
}
