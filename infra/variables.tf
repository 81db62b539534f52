# What has to be said ---------------------------------------------------------------------------------------------

variable "project_id" {
  description = "Google Cloud project that everything is made in."
  type        = string
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "A project id has 6 to 30 characters, a-z, 0-9 and '-', begins with a letter and does not end with '-'."
  }
}

# What runs -------------------------------------------------------------------------------------------------------

variable "region" {
  description = "Region of the service, its jobs, the image repository and (unless bucket_location says otherwise) the bucket."
  type        = string
  default     = "us-central1"
  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]{1,2}$", var.region))
    error_message = "A region looks like us-central1 or europe-west4."
  }
}

variable "service_name" {
  description = "Name of the Cloud Run service; jobs, accounts and alerts are named after it."
  type        = string
  default     = "thoth-mcp-server"
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,18}[a-z0-9]$", var.service_name))
    error_message = "4 to 20 characters, a-z, 0-9 and '-', beginning with a letter: account ids are made from it and end at 30."
  }
}

variable "image" {
  description = "Image to run, whole. Empty: image_tag in the repository that is made here."
  type        = string
  default     = ""
  validation {
    condition     = !can(regex("(^|\\.)gcr\\.io/", var.image))
    error_message = "gcr.io (Container Registry) is shut down: push to REGION-docker.pkg.dev."
  }
}

variable "image_tag" {
  description = "Tag of the image in the repository that is made here."
  type        = string
  default     = "latest"
  validation {
    condition     = can(regex("^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$", var.image_tag))
    error_message = "A tag has up to 128 characters: letters, digits, '_', '.', '-', the first no '.' or '-'."
  }
}

variable "embedder" {
  description = "THOTH_STORAGE_EMBEDDER: default (Chroma's model; the image has to be built with it), lexical, or module:object."
  type        = string
  default     = "default"
  validation {
    condition     = can(regex("^(default|lexical|[A-Za-z_][A-Za-z0-9_.]*:[A-Za-z_][A-Za-z0-9_.]*)$", var.embedder))
    error_message = "default, lexical or module:object."
  }
}

variable "read_only" {
  description = "Serve a replica: the tools that write are switched off."
  type        = bool
  default     = false
}

variable "log_level" {
  description = "LOG_LEVEL of the service and the jobs."
  type        = string
  default     = "INFO"
  validation {
    condition     = contains(["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], var.log_level)
    error_message = "DEBUG, INFO, WARNING, ERROR or CRITICAL."
  }
}

variable "labels" {
  description = "Labels on everything that can have them."
  type        = map(string)
  default     = {}
}

variable "deletion_protection" {
  description = "Refuse to destroy the service and the jobs. The bucket is never destroyed while it holds objects."
  type        = bool
  default     = true
}

# How large -------------------------------------------------------------------------------------------------------

variable "memory" {
  description = "Memory of an instance. The file system is memory on Cloud Run: the local copy of the store counts."
  type        = string
  default     = "4Gi"
  validation {
    condition     = can(regex("^(512Mi|[1-9]Gi|[12][0-9]Gi|3[0-2]Gi)$", var.memory))
    error_message = "512Mi, or 1Gi to 32Gi."
  }
}

variable "cpu" {
  description = "vCPUs of an instance."
  type        = string
  default     = "2"
  validation {
    condition     = contains(["1", "2", "4", "6", "8"], var.cpu)
    error_message = "1, 2, 4, 6 or 8."
  }
}

variable "timeout_seconds" {
  description = "Longest request. After it the caller has a 504 while the container goes on: writes can be repeated safely."
  type        = number
  default     = 300
  validation {
    condition     = var.timeout_seconds >= 1 && var.timeout_seconds <= 3600 && floor(var.timeout_seconds) == var.timeout_seconds
    error_message = "1 to 3600 whole seconds."
  }
}

variable "min_instances" {
  description = "Instances that are always there. 0: none when nobody asks, and a cold start for the first who does."
  type        = number
  default     = 0
  validation {
    condition     = var.min_instances >= 0 && var.min_instances <= var.max_instances && floor(var.min_instances) == var.min_instances
    error_message = "0 to max_instances, whole."
  }
}

variable "max_instances" {
  description = "Instances at most. Each holds the whole store; all write into one log, so more of them add reads, not writes."
  type        = number
  default     = 3
  validation {
    condition     = var.max_instances >= 1 && var.max_instances <= 100 && floor(var.max_instances) == var.max_instances
    error_message = "1 to 100, whole."
  }
}

variable "concurrency" {
  description = "Requests at once in an instance. Embedding takes a core each, so far below Cloud Run's own 80 for each vCPU."
  type        = number
  default     = 20
  validation {
    condition     = var.concurrency >= 1 && var.concurrency <= 1000 && floor(var.concurrency) == var.concurrency
    error_message = "1 to 1000, whole."
  }
}

variable "cpu_always" {
  description = "CPU between requests as well (billed by instance). Acknowledged writes need none; checkpoints in the service may."
  type        = bool
  default     = false
}

variable "startup_seconds" {
  description = "How long a new instance may take until the store is hydrated. Cloud Run ends waiting at 240."
  type        = number
  default     = 240
  validation {
    condition     = var.startup_seconds >= 10 && var.startup_seconds <= 240 && var.startup_seconds % 10 == 0
    error_message = "10 to 240 seconds, in tens."
  }
}

# Who may come ----------------------------------------------------------------------------------------------------

variable "ingress" {
  description = "From where requests are let in."
  type        = string
  default     = "INGRESS_TRAFFIC_INTERNAL_ONLY"
  validation {
    condition = contains(
      ["INGRESS_TRAFFIC_INTERNAL_ONLY", "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER", "INGRESS_TRAFFIC_ALL"], var.ingress
    )
    error_message = "INGRESS_TRAFFIC_INTERNAL_ONLY, INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER or INGRESS_TRAFFIC_ALL."
  }
}

variable "invokers" {
  description = "Who may call the service: user:, group:, serviceAccount:, domain:, principal:// or principalSet://."
  type        = set(string)
  default     = []
  validation {
    condition = alltrue([
      for member in var.invokers :
      can(regex("^((user|group|serviceAccount|domain):[^\\s:]+|principal(Set)?://\\S+)$", member))
    ])
    error_message = "Members are named with their kind. Everybody (allUsers) is let in with allow_unauthenticated, not here."
  }
}

variable "allow_unauthenticated" {
  description = "Let everybody call the service (allUsers). Then the bearer token of token_secret is all that guards it, and has to be set."
  type        = bool
  default     = false
  validation {
    condition     = !var.allow_unauthenticated || var.token_secret != ""
    error_message = "allow_unauthenticated without token_secret would give everybody the store."
  }
}

# Secrets: ids of secrets that exist. Their values never pass through Terraform, whose state would keep them -----------

variable "encryption_key_secret" {
  description = "Id of the secret with THOTH_STORAGE_KEY. Empty: the store is encrypted by Google's keys alone."
  type        = string
  default     = ""
  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{0,255}$", var.encryption_key_secret))
    error_message = "The id alone (letters, digits, '_', '-'), not projects/.../secrets/..."
  }
}

variable "token_secret" {
  description = "Id of the secret with THOTH_STORAGE_TOKEN, a bearer token asked for beside IAM. Empty: IAM alone."
  type        = string
  default     = ""
  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{0,255}$", var.token_secret))
    error_message = "The id alone (letters, digits, '_', '-'), not projects/.../secrets/..."
  }
}

variable "secret_version" {
  description = "Version of both secrets. A number makes a rollout reproducible; latest is read when an instance starts."
  type        = string
  default     = "latest"
  validation {
    condition     = can(regex("^(latest|[1-9][0-9]*)$", var.secret_version))
    error_message = "latest or a number."
  }
}

# Network ---------------------------------------------------------------------------------------------------------

variable "vpc_network" {
  description = "Network for Direct VPC egress. Empty: none, unless vpc_subnetwork names it."
  type        = string
  default     = ""
}

variable "vpc_subnetwork" {
  description = "Subnetwork for Direct VPC egress (/26 or larger)."
  type        = string
  default     = ""
}

variable "vpc_connector" {
  description = "Serverless VPC Access connector, instead of Direct VPC egress."
  type        = string
  default     = ""
  validation {
    condition     = var.vpc_connector == "" || (var.vpc_network == "" && var.vpc_subnetwork == "")
    error_message = "Direct VPC egress (vpc_network, vpc_subnetwork) or a connector, not both."
  }
}

variable "vpc_egress" {
  description = "What goes through the VPC, where there is one."
  type        = string
  default     = "PRIVATE_RANGES_ONLY"
  validation {
    condition     = contains(["PRIVATE_RANGES_ONLY", "ALL_TRAFFIC"], var.vpc_egress)
    error_message = "PRIVATE_RANGES_ONLY or ALL_TRAFFIC."
  }
}
