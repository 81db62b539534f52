output "service_name" {
  description = "Name of the service."
  value       = google_cloud_run_v2_service.service.name
}

output "service_url" {
  description = "Where the service answers; MCP is at /mcp."
  value       = google_cloud_run_v2_service.service.uri
}

output "bucket" {
  description = "Bucket of the store."
  value       = google_storage_bucket.store.name
}

output "store_url" {
  description = "THOTH_STORAGE_URL of the service: any thoth-storage command takes it."
  value       = local.store_url
}

output "service_account" {
  description = "Account that the service and the jobs are."
  value       = google_service_account.service.email
}

output "registry" {
  description = "Folder that images are pushed to."
  value       = local.registry
}

output "image" {
  description = "Image that runs."
  value       = local.image
}

output "jobs" {
  description = "Jobs by what they do: gcloud run jobs execute NAME."
  value       = { for key, job in google_cloud_run_v2_job.job : key => job.name }
}
