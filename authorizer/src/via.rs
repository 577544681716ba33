//! How a caller shows who it is: by the `Authorization` header or by the path of the URL. Never by one where
//! the other is asked for.

use ecr_admission_lambda::{BadVariable, Environment};

/// Where the credential of a caller is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// A bearer token in the `Authorization` header.
    Header,
    /// A key in the path of the URL.
    Url,
}

impl Via {
    /// What this function authorizes, by the variable `name`; the header when it is not set.
    pub fn from_environment(
        environment: &Environment,
        name: &'static str,
    ) -> Result<Self, BadVariable> {
        match environment.non_empty(name) {
            None | Some("header") => Ok(Self::Header),
            Some("url") => Ok(Self::Url),
            Some(other) => Err(BadVariable::new(name, other, "header or url")),
        }
    }

    /// Its name in the log and in the context.
    pub fn name(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Url => "url",
        }
    }

    /// What the route asks for, by its method and resource in API Gateway; `None` for a route that is not of this API.
    pub fn of_route(route_key: &str) -> Option<Self> {
        match route_key {
            "POST /validate" | "POST /mutate" => Some(Self::Header),
            "POST /validate/{key}" | "POST /mutate/{key}" => Some(Self::Url),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn via(value: &str) -> Result<Via, BadVariable> {
        Via::from_environment(&Environment::from_iter([("CALLER_KEY", value)]), "CALLER_KEY")
    }

    #[test]
    fn the_header_is_the_default() {
        assert_eq!(Via::from_environment(&Environment::default(), "CALLER_KEY"), Ok(Via::Header));
        assert_eq!(via(""), Ok(Via::Header));
        assert_eq!(via("header"), Ok(Via::Header));
        assert_eq!(via("url"), Ok(Via::Url));
        for value in ["URL", "both", "header,url", " url"] {
            assert_eq!(
                via(value).unwrap_err().to_string(),
                format!("environment variable CALLER_KEY: expected header or url, got \"{value}\"")
            );
        }
    }

    #[test]
    fn a_route_asks_for_one_of_them() {
        for (route, asks_for) in [
            ("POST /validate", Some(Via::Header)),
            ("POST /mutate", Some(Via::Header)),
            ("POST /validate/{key}", Some(Via::Url)),
            ("POST /mutate/{key}", Some(Via::Url)),
            ("ANY /validate/{key}", None),
            ("POST /validate/{key+}", None),
            ("POST /validate/{proxy}", None),
            ("POST /validate/", None),
            ("GET /validate", None),
            ("$default", None),
            ("", None),
        ] {
            assert_eq!(Via::of_route(route), asks_for, "{route}");
        }
    }
}
