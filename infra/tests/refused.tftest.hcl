# What is refused before Google is asked: many a run, each of which has to be
# caught: one that is let through fails the run by its name.

mock_provider "google" {
  override_during = plan
}

variables {
  project_id = "test-project"
}

run "refused_1" {
  command = plan
  variables {
    project_id            = "Test"
    region                = "europe"
    service_name          = "a-name-that-is-too-long"
    image                 = "eu.gcr.io/p/i:1"
    image_tag             = "a tag"
    embedder              = "bert"
    log_level             = "LOUD"
    memory                = "4GB"
    cpu                   = "3"
    timeout_seconds       = 3601
    min_instances         = 4
    concurrency           = 0
    startup_seconds       = 250
    ingress               = "internal"
    invokers              = ["allUsers"]
    encryption_key_secret = "projects/p/secrets/s"
    token_secret          = "projects/p/secrets/s"
    secret_version        = "newest"
    vpc_connector         = "c"
    vpc_network           = "n"
    vpc_egress            = "all"
    bucket_name           = "gs://bucket"
    bucket_storage_class  = "HOT"
    bucket_role           = "roles/storage.admin"
    store_prefix          = "/chroma_db"
    soft_delete_days      = 3
    noncurrent_days       = 0
    retention_days        = 1
    versioning            = true
    kms_key               = "key"
    jobs                  = { Drill = { args = ["drill"], schedule = "0 0 * * *" } }
    alert_email           = "nobody"
    error_ratio           = 5
  }
  expect_failures = [
    var.project_id,
    var.region,
    var.service_name,
    var.image,
    var.image_tag,
    var.embedder,
    var.log_level,
    var.memory,
    var.cpu,
    var.timeout_seconds,
    var.min_instances,
    var.concurrency,
    var.startup_seconds,
    var.ingress,
    var.invokers,
    var.encryption_key_secret,
    var.token_secret,
    var.secret_version,
    var.vpc_connector,
    var.vpc_egress,
    var.bucket_name,
    var.bucket_storage_class,
    var.bucket_role,
    var.store_prefix,
    var.soft_delete_days,
    var.noncurrent_days,
    var.retention_days,
    var.kms_key,
    var.jobs,
    var.alert_email,
    var.error_ratio,
  ]
}

run "refused_2" {
  command = plan
  variables {
    service_name          = "Thoth"
    allow_unauthenticated = true
    max_instances         = 0
    min_instances         = 0
    invokers              = ["allAuthenticatedUsers"]
    jobs                  = { drill = { args = ["drill"], schedule = "daily" } }
  }
  expect_failures = [
    var.service_name,
    var.allow_unauthenticated,
    var.max_instances,
    var.invokers,
    var.jobs,
  ]
}

run "refused_3" {
  command = plan
  variables {
    invokers = ["someone@example.com"]
    jobs     = { drill = { args = ["drill"], schedule = "0 0 * * *", timeout_seconds = 5 } }
  }
  expect_failures = [
    var.invokers,
    var.jobs,
  ]
}

run "refused_4" {
  command = plan
  variables {
    jobs = { drill = { args = [], schedule = "0 0 * * *" } }
  }
  expect_failures = [
    var.jobs,
  ]
}
