# Alerts. Lag of the log, age of the newest checkpoint and of the last proven restore are judged by `thoth-storage
# health`, which runs as a job and ends with 1 when one is out of bounds: a scaled-down service has nobody to ask.

locals {
  channels = concat(tolist(var.alert_channels), google_monitoring_notification_channel.email[*].id)
  service_filter = join(" AND ", [
    "resource.type = \"cloud_run_revision\"",
    "resource.labels.service_name = \"${var.service_name}\"",
  ])
}

resource "google_monitoring_notification_channel" "email" {
  count        = var.alerts && var.alert_email != "" ? 1 : 0
  project      = var.project_id
  display_name = "${var.service_name}: email"
  type         = "email"
  labels       = { email_address = var.alert_email }
  depends_on   = [google_project_service.used]
}

resource "google_monitoring_alert_policy" "errors" {
  count                 = var.alerts ? 1 : 0
  project               = var.project_id
  display_name          = "${var.service_name}: requests fail"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = local.channels
  user_labels           = var.labels

  conditions {
    display_name = "5xx above ${var.error_ratio * 100} %"
    condition_threshold {
      filter             = "${local.service_filter} AND metric.type = \"run.googleapis.com/request_count\" AND metric.labels.response_code_class = \"5xx\""
      denominator_filter = "${local.service_filter} AND metric.type = \"run.googleapis.com/request_count\""
      comparison         = "COMPARISON_GT"
      threshold_value    = var.error_ratio
      duration           = "0s"
      aggregations {
        alignment_period     = "600s"
        per_series_aligner   = "ALIGN_RATE"
        cross_series_reducer = "REDUCE_SUM"
      }
      denominator_aggregations {
        alignment_period     = "600s"
        per_series_aligner   = "ALIGN_RATE"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "Look at the service's log for severity ERROR; docs/CLOUD_RUN_DEPLOYMENT.md, Troubleshooting."
  }

  depends_on = [google_project_service.used]
}

resource "google_monitoring_alert_policy" "memory" {
  count                 = var.alerts ? 1 : 0
  project               = var.project_id
  display_name          = "${var.service_name}: memory is nearly full"
  combiner              = "OR"
  severity              = "WARNING"
  notification_channels = local.channels
  user_labels           = var.labels

  conditions {
    display_name = "above 85 % for five minutes"
    condition_threshold {
      filter          = "${local.service_filter} AND metric.type = \"run.googleapis.com/container/memory/utilizations\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0.85
      duration        = "300s"
      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_PERCENTILE_99"
        cross_series_reducer = "REDUCE_MAX"
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "The local copy of the store is in memory. Raise `memory`, or split the store, before instances are killed."
  }

  depends_on = [google_project_service.used]
}

resource "google_monitoring_alert_policy" "job" {
  for_each              = var.alerts ? var.jobs : {}
  project               = var.project_id
  display_name          = each.key == "health" ? "${var.service_name}: log lag, checkpoint or drill age" : "${var.service_name}: ${each.key} failed"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = local.channels
  user_labels           = var.labels

  conditions {
    display_name = "an execution of ${var.service_name}-${each.key} failed"
    condition_threshold {
      filter = join(" AND ", [
        "resource.type = \"cloud_run_job\"",
        "resource.labels.job_name = \"${google_cloud_run_v2_job.job[each.key].name}\"",
        "metric.type = \"run.googleapis.com/job/completed_execution_count\"",
        "metric.labels.result = \"failed\"",
      ])
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"
      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "The log of the execution says which check failed and what to do; docs/CLOUD_RUN_DEPLOYMENT.md, Monitoring."
  }

  depends_on = [google_project_service.used]
}
