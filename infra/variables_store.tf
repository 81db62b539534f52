# The bucket ------------------------------------------------------------------------------------------------------

variable "bucket_name" {
  description = "Bucket of the store. Empty: <project_id>-thoth-storage."
  type        = string
  default     = ""
  validation {
    condition     = var.bucket_name == "" || can(regex("^[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]$", var.bucket_name))
    error_message = "3 to 63 characters, a-z, 0-9, '-' and '_', with a letter or digit at both ends, without 'gs://'."
  }
}

variable "bucket_location" {
  description = "Location of the bucket. Empty: the region of the service, where traffic between the two costs nothing."
  type        = string
  default     = ""
}

variable "bucket_storage_class" {
  description = "Storage class. Colder classes bill a read and a minimum stay, and every cold start reads the newest checkpoint."
  type        = string
  default     = "STANDARD"
  validation {
    condition     = contains(["STANDARD", "NEARLINE", "COLDLINE", "ARCHIVE"], var.bucket_storage_class)
    error_message = "STANDARD, NEARLINE, COLDLINE or ARCHIVE."
  }
}

variable "bucket_role" {
  description = "Role of the service on its bucket. objectUser is enough; objectAdmin adds the objects' access lists."
  type        = string
  default     = "roles/storage.objectUser"
  validation {
    condition     = contains(["roles/storage.objectUser", "roles/storage.objectAdmin"], var.bucket_role)
    error_message = "roles/storage.objectUser or roles/storage.objectAdmin."
  }
}

variable "store_prefix" {
  description = "Folder of the store in the bucket."
  type        = string
  default     = "chroma_db"
  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$", var.store_prefix))
    error_message = "Letters, digits, '_', '.', '-', with '/' only between them."
  }
}

variable "soft_delete_days" {
  description = "How long a deleted object can be brought back. 0: not at all."
  type        = number
  default     = 7
  validation {
    condition     = var.soft_delete_days == 0 || (var.soft_delete_days >= 7 && var.soft_delete_days <= 90)
    error_message = "0, or 7 to 90 days."
  }
}

variable "versioning" {
  description = "Keep replaced and deleted objects as noncurrent versions, for noncurrent_days."
  type        = bool
  default     = false
}

variable "noncurrent_days" {
  description = "Days after which a noncurrent version is deleted. Live objects are never deleted by a rule."
  type        = number
  default     = 30
  validation {
    condition     = var.noncurrent_days >= 1
    error_message = "1 day or more."
  }
}

variable "retention_days" {
  description = "Nothing younger can be deleted or replaced, by nobody. prune leaves what is younger as it is and exits with 1. 0: no policy."
  type        = number
  default     = 0
  validation {
    condition     = var.retention_days >= 0 && !(var.retention_days > 0 && var.versioning)
    error_message = "0 or more days, and not together with versioning."
  }
}

variable "kms_key" {
  description = "Cloud KMS key for the bucket: projects/P/locations/L/keyRings/R/cryptoKeys/K. Empty: Google's own."
  type        = string
  default     = ""
  validation {
    condition = var.kms_key == "" || can(
      regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.kms_key)
    )
    error_message = "projects/P/locations/L/keyRings/R/cryptoKeys/K."
  }
}

# Jobs and alerts -------------------------------------------------------------------------------------------------

variable "jobs" {
  description = "What runs by the clock: arguments of thoth-storage, schedule (cron), longest run in seconds. {} for none."
  type = map(object({
    args            = list(string)
    schedule        = string
    timeout_seconds = optional(number, 3600)
  }))
  default = {
    checkpoint = { args = ["checkpoint"], schedule = "17 * * * *" }
    prune      = { args = ["prune"], schedule = "41 3 * * *" }
    drill      = { args = ["drill"], schedule = "23 4 * * 0" }
    health     = { args = ["health"], schedule = "*/30 * * * *", timeout_seconds = 600 }
  }
  validation {
    condition     = alltrue([for name in keys(var.jobs) : can(regex("^[a-z][a-z0-9-]{1,20}$", name))])
    error_message = "Names of jobs have 2 to 21 characters, a-z, 0-9 and '-', and begin with a letter."
  }
  validation {
    condition     = alltrue([for job in values(var.jobs) : can(regex("^\\S+ \\S+ \\S+ \\S+ \\S+$", job.schedule))])
    error_message = "A schedule is a cron line of five fields: minute hour day month weekday."
  }
  validation {
    condition     = alltrue([for job in values(var.jobs) : job.timeout_seconds >= 60 && job.timeout_seconds <= 86400])
    error_message = "timeout_seconds of a job is 60 to 86400."
  }
  validation {
    condition     = alltrue([for job in values(var.jobs) : length(job.args) > 0])
    error_message = "args of a job name a verb of thoth-storage."
  }
}

variable "time_zone" {
  description = "Time zone of the schedules."
  type        = string
  default     = "Etc/UTC"
}

variable "alerts" {
  description = "Make alert policies."
  type        = bool
  default     = true
}

variable "alert_email" {
  description = "Address that alerts are sent to. Empty: only alert_channels."
  type        = string
  default     = ""
  validation {
    condition     = var.alert_email == "" || can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", var.alert_email))
    error_message = "An email address."
  }
}

variable "alert_channels" {
  description = "Notification channels that exist: projects/P/notificationChannels/N."
  type        = set(string)
  default     = []
}

variable "error_ratio" {
  description = "Part of the requests that may end with 5xx over ten minutes before somebody is told."
  type        = number
  default     = 0.05
  validation {
    condition     = var.error_ratio > 0 && var.error_ratio < 1
    error_message = "Between 0 and 1."
  }
}
