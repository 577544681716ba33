# One stack in each of two Regions, for the clusters there. Each Region needs a bucket: Lambda reads code only from a
# bucket in its Region.

terraform {
  required_version = ">= 1.3"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 4.0"
    }
  }
}

variable "bucket_prefix" {
  description = "What the names of the two buckets begin with; the Region follows."
  type        = string
  default     = "example-packages"
}

variable "alarm_topic_arns" {
  description = "Region -> SNS topic for alarms. An alarm can notify only a topic in its Region."
  type        = map(string)
  default     = {}
}

provider "aws" {
  alias  = "ireland"
  region = "eu-west-1"
}

provider "aws" {
  alias  = "frankfurt"
  region = "eu-central-1"
}

locals {
  # What is the same in both.
  registries = {
    ids     = ["123456789012"]
    regions = ["eu-west-1", "eu-central-1"]
  }
}

resource "aws_s3_bucket" "ireland" {
  provider = aws.ireland
  bucket   = "${var.bucket_prefix}-eu-west-1"
}

module "ireland" {
  source    = "../.."
  providers = { aws = aws.ireland }

  code_bucket      = aws_s3_bucket.ireland.id
  registry_ids     = local.registries.ids
  registry_regions = local.registries.regions
  alarm_topic_arn  = lookup(var.alarm_topic_arns, "eu-west-1", "")
}

resource "aws_s3_bucket" "frankfurt" {
  provider = aws.frankfurt
  bucket   = "${var.bucket_prefix}-eu-central-1"
}

module "frankfurt" {
  source    = "../.."
  providers = { aws = aws.frankfurt }

  code_bucket      = aws_s3_bucket.frankfurt.id
  registry_ids     = local.registries.ids
  registry_regions = local.registries.regions
  alarm_topic_arn  = lookup(var.alarm_topic_arns, "eu-central-1", "")
}

output "endpoints" {
  description = "Region -> URL that the webhook configurations of its clusters call."
  value = {
    eu-west-1    = module.ireland.endpoint
    eu-central-1 = module.frankfurt.endpoint
  }
}
