# The parameters of the stack are in parameters.tf.

variable "name" {
  description = "Name of the stack."
  type        = string
  default     = "EcrAdmission"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z][A-Za-z0-9-]{0,127}$", var.name))
    error_message = "name: expected a letter, and then at most 127 letters, digits and hyphens"
  }
}

variable "code_bucket" {
  description = "S3 bucket for the release, in the Region of the stack: Lambda reads code only from there."
  type        = string
  nullable    = false
}

variable "code_key_prefix" {
  description = "What the keys in the bucket begin with: empty, or with a slash at the end."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^([0-9A-Za-z!_.*'()-]+/)*$", var.code_key_prefix))
    error_message = "code_key_prefix: expected nothing, or a value like releases/"
  }
}

variable "architecture" {
  description = "Processors that run the functions. arm64 costs a fifth less."
  type        = string
  default     = "arm64"
  nullable    = false

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture: expected arm64 or x86_64"
  }
}

variable "release" {
  description = "Folder of the unpacked release. Default: the one that this module is a part of."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of the stack, which CloudFormation passes on to its resources."
  type        = map(string)
  default     = {}
  nullable    = false
}
