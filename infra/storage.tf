# The bucket. No rule here may delete a live object: packs and the log are needed for as long as a snapshot or an
# unfinished checkpoint names them, which only `thoth-storage prune` knows.

resource "google_storage_bucket" "store" {
  project                     = var.project_id
  name                        = local.bucket
  location                    = upper(var.bucket_location != "" ? var.bucket_location : var.region)
  storage_class               = var.bucket_storage_class
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false
  labels                      = var.labels

  soft_delete_policy {
    retention_duration_seconds = var.soft_delete_days * 86400
  }

  versioning {
    enabled = var.versioning
  }

  # What a killed upload left behind is no object, is never listed, and is billed.
  lifecycle_rule {
    action {
      type = "AbortIncompleteMultipartUpload"
    }
    condition {
      age = 7
    }
  }

  dynamic "lifecycle_rule" {
    for_each = var.versioning ? [var.noncurrent_days] : []
    content {
      action {
        type = "Delete"
      }
      condition {
        with_state                 = "ARCHIVED"
        days_since_noncurrent_time = lifecycle_rule.value
      }
    }
  }

  dynamic "retention_policy" {
    for_each = var.retention_days > 0 ? [var.retention_days] : []
    content {
      retention_period = retention_policy.value * 86400
    }
  }

  dynamic "encryption" {
    for_each = var.kms_key != "" ? [var.kms_key] : []
    content {
      default_kms_key_name = encryption.value
    }
  }

  lifecycle {
    prevent_destroy = true
  }

  depends_on = [google_project_service.used, google_kms_crypto_key_iam_member.storage]
}

data "google_project" "this" {
  count      = var.kms_key != "" ? 1 : 0
  project_id = var.project_id
}

# Cloud Storage itself opens the bucket's key, not the service.
resource "google_kms_crypto_key_iam_member" "storage" {
  count         = var.kms_key != "" ? 1 : 0
  crypto_key_id = var.kms_key
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = "serviceAccount:service-${data.google_project.this[0].number}@gs-project-accounts.iam.gserviceaccount.com"
}
