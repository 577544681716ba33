//! Which method of the REST API a request calls.

use http::Method;

use super::STAGE;
use super::refusal::Refusal;
use crate::gateway::route::Route;

/// The method that a request calls.
///
/// The path is a secret where there is a key, so this does not derive `Debug`.
pub(super) struct Called {
    pub(super) route: Route,
    /// The path behind the stage, as it was sent.
    pub(super) path: String,
}

impl Called {
    /// What this method and path call.
    pub(super) fn of(method: &Method, path: &str) -> Result<Self, Refusal> {
        let of_the_stage = path.strip_prefix('/').and_then(|path| path.strip_prefix(STAGE));
        let path = of_the_stage
            .filter(|path| path.is_empty() || path.starts_with('/'))
            .ok_or(Refusal::NoSuchStage)?;
        // A slash at the end changes no resource: events with one have been seen.
        let resource = path.strip_suffix('/').unwrap_or(path);
        let route = Route::of(method, resource).ok_or(Refusal::NoSuchMethod)?;
        Ok(Self { route, path: path.to_owned() })
    }
}

/// As in `resource`: never what the path holds.
pub(super) fn resource(route: &Route) -> &'static str {
    route.route_key().trim_start_matches("POST ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(path: &str) -> Result<(&'static str, String), String> {
        let called = Called::of(&Method::POST, path).map_err(|refusal| refusal.note())?;
        Ok((resource(&called.route), called.path))
    }

    #[test]
    fn the_path_behind_the_stage_leads_to_a_resource() {
        for (path, resource, sent) in [
            ("/v1/validate", "/validate", "/validate"),
            ("/v1/mutate", "/mutate", "/mutate"),
            ("/v1/validate/", "/validate", "/validate/"),
            ("/v1/validate/K", "/validate/{key}", "/validate/K"),
            ("/v1/mutate/%4B", "/mutate/{key}", "/mutate/%4B"),
            ("/v1/mutate/K/", "/mutate/{key}", "/mutate/K/"),
        ] {
            assert_eq!(called(path), Ok((resource, sent.to_owned())), "{path}");
        }
    }

    #[test]
    fn no_other_path_leads_anywhere() {
        for path in ["/validate", "/", "", "/v2/validate", "/v1x/validate", "/V1/validate"] {
            assert_eq!(called(path), Err("no such stage".to_owned()), "{path}");
        }
        for path in [
            "/v1",
            "/v1/",
            "/v1//",
            "/v1//validate",
            "/v1/Validate",
            "/v1/validate//",
            "/v1/validate/K/x",
            "/v1/validate/K%2Fx",
            "/v1/%76alidate",
        ] {
            assert_eq!(called(path), Err("no such route".to_owned()), "{path}");
        }
        assert!(Called::of(&Method::GET, "/v1/validate").is_err());
    }
}
