output "endpoint" {
  description = "URL that the webhook configurations call; null without a public endpoint."
  value       = lookup(aws_cloudformation_stack.ecr_admission.outputs, "Endpoint", null)
}

output "next_command" {
  description = "Command that writes the files for the control plane. On Amazon EKS, add --eks."
  value       = aws_cloudformation_stack.ecr_admission.outputs["NextCommand"]
}

output "token_secret_arn" {
  description = "Secret that holds one token per cluster."
  value       = aws_cloudformation_stack.ecr_admission.outputs["TokenSecretArn"]
}

output "admission_role_arn" {
  description = "Role to allow in other registries, a policy secret and its key."
  value       = aws_cloudformation_stack.ecr_admission.outputs["AdmissionRoleArn"]
}

output "dashboard" {
  description = "CloudWatch dashboard."
  value       = aws_cloudformation_stack.ecr_admission.outputs["Dashboard"]
}

output "outputs" {
  description = "Every output of the stack, by the names of the template."
  value       = aws_cloudformation_stack.ecr_admission.outputs
}
