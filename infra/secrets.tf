# Secrets exist before: a value that Terraform writes is in its state for everybody who reads that. README.md has the
# commands. The service may read those that it is told to use, each by its own grant, and no other.

resource "google_secret_manager_secret_iam_member" "service" {
  for_each  = local.secrets
  project   = var.project_id
  secret_id = each.value
  role      = "roles/secretmanager.secretAccessor"
  member    = "serviceAccount:${google_service_account.service.email}"

  depends_on = [google_project_service.used]
}
