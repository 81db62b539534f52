# What the other files share: names, and the services of Google that have to be switched on.

locals {
  bucket    = var.bucket_name != "" ? var.bucket_name : "${var.project_id}-thoth-storage"
  store_url = "gs://${local.bucket}/${var.store_prefix}"
  registry  = "${var.region}-docker.pkg.dev/${var.project_id}/${var.service_name}"
  image     = var.image != "" ? var.image : "${local.registry}/${var.service_name}:${var.image_tag}"

  # A secret is a variable of the container only where it is used.
  secrets = merge(
    var.encryption_key_secret != "" ? { THOTH_STORAGE_KEY = var.encryption_key_secret } : {},
    var.token_secret != "" ? { THOTH_STORAGE_TOKEN = var.token_secret } : {},
  )
  # A job serves nobody, so it needs no token.
  job_secrets = { for name, secret in local.secrets : name => secret if name != "THOTH_STORAGE_TOKEN" }

  environment = {
    THOTH_STORAGE_URL      = local.store_url
    THOTH_STORAGE_EMBEDDER = var.embedder
    GCP_PROJECT_ID         = var.project_id
    LOG_LEVEL              = var.log_level
  }
  service_environment = merge(local.environment, var.read_only ? { THOTH_STORAGE_READ_ONLY = "true" } : {})

  services = toset(concat(
    [
      "artifactregistry.googleapis.com",
      "cloudbuild.googleapis.com",
      "iam.googleapis.com",
      "logging.googleapis.com",
      "monitoring.googleapis.com",
      "run.googleapis.com",
      "storage.googleapis.com",
    ],
    length(local.secrets) > 0 ? ["secretmanager.googleapis.com"] : [],
    length(var.jobs) > 0 ? ["cloudscheduler.googleapis.com"] : [],
    var.kms_key != "" ? ["cloudkms.googleapis.com"] : [],
    var.vpc_connector != "" ? ["vpcaccess.googleapis.com"] : [],
  ))
}

# They stay on when this is destroyed: others in the project may use them.
resource "google_project_service" "used" {
  for_each           = local.services
  project            = var.project_id
  service            = each.value
  disable_on_destroy = false
}

resource "google_artifact_registry_repository" "images" {
  project       = var.project_id
  location      = var.region
  repository_id = var.service_name
  format        = "DOCKER"
  description   = "Images of ${var.service_name}"
  labels        = var.labels

  # A rollback needs the image of an older revision: the newest ten stay, whatever their age.
  cleanup_policies {
    id     = "keep-newest"
    action = "KEEP"
    most_recent_versions {
      keep_count = 10
    }
  }
  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"
    condition {
      older_than = "2592000s"
    }
  }

  depends_on = [google_project_service.used]
}
