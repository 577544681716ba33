//! The environment variables Lambda gives a function on `provided.al2023`
//! (Lambda developer guide, "Defined runtime environment variables").

use std::path::Path;

use super::settings::FunctionSettings;

/// What the functions are configured with; the runtime only passes the number on.
pub(super) const MEMORY_MB: u32 = 256;

/// Lambda's own variables and the function's. Nothing of local-cloud's own environment is in it.
pub(super) fn variables(
    settings: &FunctionSettings,
    runtime_api: &str,
    sandbox: u32,
) -> Vec<(String, String)> {
    let task_root = settings.binary.parent().unwrap_or(Path::new("/")).display().to_string();
    let lambda = [
        ("AWS_DEFAULT_REGION", settings.region.clone()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", MEMORY_MB.to_string()),
        ("AWS_LAMBDA_FUNCTION_NAME", settings.name.clone()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{}", settings.name)),
        ("AWS_LAMBDA_LOG_STREAM_NAME", format!("[$LATEST]{sandbox}")),
        ("AWS_LAMBDA_RUNTIME_API", runtime_api.to_owned()),
        ("AWS_REGION", settings.region.clone()),
        ("LAMBDA_TASK_ROOT", task_root),
        ("LANG", "en_US.UTF-8".to_owned()),
        ("PATH", "/usr/local/bin:/usr/bin:/bin:/opt/bin".to_owned()),
        ("TZ", ":UTC".to_owned()),
        ("_HANDLER", "bootstrap".to_owned()),
    ];
    let own = settings.environment.iter().map(|(name, value)| (name.clone(), value.clone()));
    lambda.into_iter().map(|(name, value)| (name.to_owned(), value)).chain(own).collect()
}
