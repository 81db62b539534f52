# Two accounts, no key files: the service and its jobs are the first by the metadata server; the scheduler is the
# second, and can do nothing but start the jobs.

resource "google_service_account" "service" {
  project      = var.project_id
  account_id   = "${var.service_name}-run"
  display_name = "${var.service_name}: the service and its jobs"
  depends_on   = [google_project_service.used]
}

resource "google_storage_bucket_iam_member" "store" {
  bucket = google_storage_bucket.store.name
  role   = var.bucket_role
  member = "serviceAccount:${google_service_account.service.email}"
}

resource "google_project_iam_member" "service" {
  for_each = toset(["roles/logging.logWriter", "roles/monitoring.metricWriter"])
  project  = var.project_id
  role     = each.value
  member   = "serviceAccount:${google_service_account.service.email}"
}

resource "google_cloud_run_v2_service_iam_member" "invokers" {
  for_each = setunion(var.invokers, var.allow_unauthenticated ? ["allUsers"] : [])
  project  = var.project_id
  location = var.region
  name     = google_cloud_run_v2_service.service.name
  role     = "roles/run.invoker"
  member   = each.value
}

resource "google_service_account" "scheduler" {
  count        = length(var.jobs) > 0 ? 1 : 0
  project      = var.project_id
  account_id   = "${var.service_name}-clock"
  display_name = "${var.service_name}: starts the jobs"
  depends_on   = [google_project_service.used]
}

resource "google_cloud_run_v2_job_iam_member" "scheduler" {
  for_each = google_cloud_run_v2_job.job
  project  = var.project_id
  location = var.region
  name     = each.value.name
  role     = "roles/run.invoker"
  member   = "serviceAccount:${google_service_account.scheduler[0].email}"
}
