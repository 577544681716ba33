# Uploads the functions and the template of a release to a bucket, and creates the stack from there.

data "aws_s3_bucket" "code" {
  bucket = var.code_bucket
}

locals {
  # In a release, this module is in infra/terraform.
  folder   = "${coalesce(var.release, "${path.module}/../..")}/s3"
  files    = fileset(local.folder, "ecr-admission/*/{cloudformation.yaml,*-${var.architecture}.zip}")
  template = one([for file in local.files : file if endswith(file, "/cloudformation.yaml")])
}

resource "aws_s3_object" "release" {
  for_each = local.files

  bucket      = data.aws_s3_bucket.code.id
  key         = "${var.code_key_prefix}${each.value}"
  source      = "${local.folder}/${each.value}"
  source_hash = filesha256("${local.folder}/${each.value}")

  lifecycle {
    # The version is in the keys. The objects of the previous version stay until the stack has left them, since
    # CloudFormation needs them to roll back.
    create_before_destroy = true
  }
}

resource "aws_cloudformation_stack" "ecr_admission" {
  name = var.name
  # Of the bucket's Region, and in every partition. With 74 KB, the template is too large for a request.
  template_url = "https://${data.aws_s3_bucket.code.bucket_regional_domain_name}/${aws_s3_object.release[local.template].key}"
  capabilities = ["CAPABILITY_IAM"]
  tags         = var.tags

  parameters = merge(local.parameters, {
    CodeBucket          = data.aws_s3_bucket.code.id
    CodeBucketPerRegion = "false"
    CodeKeyPrefix       = var.code_key_prefix
    Architecture        = var.architecture
  })

  lifecycle {
    precondition {
      condition     = length(local.files) == 3
      error_message = "release: expected the folder of an unpacked release with the template and two zips for ${var.architecture}, got ${length(local.files)} of these files in ${local.folder}"
    }
  }

  depends_on = [aws_s3_object.release]
}
