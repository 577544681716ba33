//! The routes of the HTTP API, and which request takes which.

use http::Method;
use percent_encoding::percent_decode_str;

/// What both doors lead to.
#[derive(Clone, Copy)]
enum Webhook {
    Validate,
    Mutate,
}

/// The route of a request, and what its path holds in the place of `{key}`.
///
/// That is a secret, so this does not derive `Debug`.
pub(super) struct Route {
    webhook: Webhook,
    /// The path as events show it.
    path: String,
    key: Option<String>,
}

impl Route {
    /// API Gateway compares method and path exactly; the query string plays no part.
    ///
    /// What is known of `{key}`: it is one part of the path, which is decoded before it is compared with the
    /// routes, so that `%2F` makes two parts of one (404), and `%3F` ends the path. A path that ends with a
    /// slash is another path.
    pub(super) fn of(method: &Method, path: &str) -> Option<Self> {
        if method != Method::POST {
            return None;
        }
        let (webhook, rest) = [Webhook::Validate, Webhook::Mutate]
            .into_iter()
            .find_map(|webhook| Some((webhook, path.strip_prefix(webhook.path())?)))?;
        let key = match rest {
            "" => None,
            rest => Some(decoded(rest.strip_prefix('/')?)?),
        };
        let path = match &key {
            None => webhook.path().to_owned(),
            Some(key) => format!("{}/{key}", webhook.path()),
        };
        Some(Self { webhook, path, key })
    }

    /// As in `rawPath`, which an HTTP API decodes. A secret where there is a key.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// The path parameter `key`.
    pub(super) fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// As in `routeKey`: never what the path holds.
    pub(super) fn route_key(&self) -> &'static str {
        match (self.webhook, &self.key) {
            (Webhook::Validate, None) => "POST /validate",
            (Webhook::Validate, Some(_)) => "POST /validate/{key}",
            (Webhook::Mutate, None) => "POST /mutate",
            (Webhook::Mutate, Some(_)) => "POST /mutate/{key}",
        }
    }
}

impl Webhook {
    fn path(self) -> &'static str {
        match self {
            Self::Validate => "/validate",
            Self::Mutate => "/mutate",
        }
    }
}

/// One part of a path; `None` for none, and for several.
fn decoded(text: &str) -> Option<String> {
    let decoded = percent_decode_str(text).decode_utf8_lossy();
    let part = decoded.split('?').next().unwrap_or_default();
    (!part.is_empty() && !part.contains('/')).then(|| part.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str) -> Option<(&'static str, String, Option<String>)> {
        let route = Route::of(&Method::POST, path)?;
        Some((route.route_key(), route.path().to_owned(), route.key().map(ToOwned::to_owned)))
    }

    #[test]
    fn the_path_leads_to_a_route() {
        for (path, route_key, raw_path, key) in [
            ("/validate", "POST /validate", "/validate", None),
            ("/mutate", "POST /mutate", "/mutate", None),
            ("/validate/K", "POST /validate/{key}", "/validate/K", Some("K")),
            ("/mutate/K", "POST /mutate/{key}", "/mutate/K", Some("K")),
            ("/mutate/a%2Db+c", "POST /mutate/{key}", "/mutate/a-b+c", Some("a-b+c")),
            ("/validate/a%252Fb", "POST /validate/{key}", "/validate/a%2Fb", Some("a%2Fb")),
            ("/validate/K%3Fx", "POST /validate/{key}", "/validate/K", Some("K")),
            (
                "/validate/%zz%ff",
                "POST /validate/{key}",
                "/validate/%zz\u{fffd}",
                Some("%zz\u{fffd}"),
            ),
            ("/validate/{key}", "POST /validate/{key}", "/validate/{key}", Some("{key}")),
        ] {
            let expected = (route_key, raw_path.to_owned(), key.map(ToOwned::to_owned));
            assert_eq!(found(path), Some(expected), "{path}");
        }
    }

    #[test]
    fn no_other_path_leads_anywhere() {
        for path in [
            "",
            "/",
            "/validate/",
            "/validate//",
            "//validate",
            "//validate/K",
            "/Validate/K",
            "/validate/K/",
            "/validate//K",
            "/validate/K/x",
            "/validate/K%2Fx",
            "/validate/K%2f",
            "/validate/%3FK",
            "/validateK",
            "/validate%2FK",
            "/v1/validate/K",
        ] {
            assert_eq!(found(path), None, "{path}");
        }
        assert!(Route::of(&Method::GET, "/validate/K").is_none());
    }
}
