resource "google_cloud_run_v2_service" "service" {
  project             = var.project_id
  name                = var.service_name
  location            = var.region
  ingress             = var.ingress
  labels              = var.labels
  deletion_protection = var.deletion_protection

  template {
    service_account                  = google_service_account.service.email
    timeout                          = "${var.timeout_seconds}s"
    max_instance_request_concurrency = var.concurrency
    execution_environment            = "EXECUTION_ENVIRONMENT_GEN2"
    # Reads after a write find it at any instance (the log is shared): a caller need not come back to the same one.
    session_affinity = false
    labels           = var.labels

    scaling {
      min_instance_count = var.min_instances
      max_instance_count = var.max_instances
    }

    containers {
      image = local.image

      ports {
        container_port = 8080
      }

      resources {
        limits = {
          cpu    = var.cpu
          memory = var.memory
        }
        # No CPU between requests: a write is in the log at the URL before it is answered, so nothing that was
        # acknowledged waits for CPU. Checkpoints are the job's.
        cpu_idle          = !var.cpu_always
        startup_cpu_boost = true
      }

      # Requests come once the store is hydrated, not when the port opens.
      startup_probe {
        period_seconds    = 10
        timeout_seconds   = 5
        failure_threshold = var.startup_seconds / 10
        http_get {
          path = "/ready"
          port = 8080
        }
      }

      # Alive, not ready: a bucket that cannot be reached is no reason to kill an instance that still answers reads.
      # Half a minute of patience, because a large write holds the interpreter for seconds. (Google answers
      # /healthz itself.)
      liveness_probe {
        period_seconds    = 30
        timeout_seconds   = 10
        failure_threshold = 3
        http_get {
          path = "/health"
          port = 8080
        }
      }

      dynamic "env" {
        for_each = local.service_environment
        content {
          name  = env.key
          value = env.value
        }
      }

      dynamic "env" {
        for_each = local.secrets
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

  traffic {
    type    = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
    percent = 100
  }

  lifecycle {
    ignore_changes = [client, client_version] # gcloud and the console write their names here
  }

  # The first instance reads the bucket and the secrets: the grants come before it.
  depends_on = [
    google_storage_bucket_iam_member.store,
    google_secret_manager_secret_iam_member.service,
    google_project_iam_member.service,
    google_artifact_registry_repository.images,
  ]
}
