"""The deployment: Terraform, container, scripts; as far as a machine without a Google account can tell."""
