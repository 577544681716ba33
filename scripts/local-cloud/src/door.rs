//! The ways into a stack, for tests that hold for all of them.

use crate::url_key;

/// An API, and how its callers show who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// The HTTP API, with a token in the `Authorization` header.
    Header,
    /// The HTTP API, with a key in the path of the URL.
    Url,
    /// The private REST API, with a token.
    PrivateHeader,
    /// The private REST API, with a key.
    PrivateUrl,
    /// The regional REST API, with a token.
    RegionalHeader,
    /// The regional REST API, with a key.
    RegionalUrl,
}

/// What an API answers itself: status and body.
pub type Said = (u16, &'static str);

/// What a door is a door of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    /// An HTTP API.
    Http,
    /// A private REST API.
    Private,
    /// A regional REST API.
    Regional,
}

impl Door {
    /// The doors that callers of a stack use. A regional API differs from a private one only in what it says of the
    /// address.
    pub const ALL: [Self; 4] = [Self::Header, Self::Url, Self::PrivateHeader, Self::PrivateUrl];

    /// Those that the internet reaches.
    pub const PUBLIC: [Self; 4] =
        [Self::Header, Self::Url, Self::RegionalHeader, Self::RegionalUrl];

    /// Those where callers show a key.
    pub const WITH_KEY: [Self; 2] = [Self::Url, Self::PrivateUrl];

    /// The API that it belongs to.
    pub fn api(self) -> Api {
        match self {
            Self::Header | Self::Url => Api::Http,
            Self::PrivateHeader | Self::PrivateUrl => Api::Private,
            Self::RegionalHeader | Self::RegionalUrl => Api::Regional,
        }
    }

    /// Whether callers show a key.
    pub fn takes_key(self) -> bool {
        matches!(self, Self::Url | Self::PrivateUrl | Self::RegionalUrl)
    }

    /// The door of the same API that takes a token.
    #[must_use]
    pub fn with_token(self) -> Self {
        match self.api() {
            Api::Http => Self::Header,
            Api::Private => Self::PrivateHeader,
            Api::Regional => Self::RegionalHeader,
        }
    }

    /// How the functions say that a caller came in here.
    pub fn via(self) -> &'static str {
        if self.takes_key() { "url" } else { "header" }
    }

    /// The options of a stack that has this door.
    pub fn args(self) -> &'static [&'static str] {
        match self {
            Self::Header => &[],
            Self::Url => &["--url-keys"],
            Self::PrivateHeader => &["--private"],
            Self::PrivateUrl => &["--private", "--url-keys"],
            Self::RegionalHeader => &["--regional"],
            Self::RegionalUrl => &["--regional", "--url-keys"],
        }
    }

    /// The function behind it, as the log names it.
    pub fn authorizer(self) -> &'static str {
        if self.takes_key() { "key-authorizer" } else { "authorizer" }
    }

    /// What the owner of a token presents.
    pub fn credential(self, token: &str) -> String {
        if self.takes_key() { url_key::of(token) } else { token.to_owned() }
    }

    /// Path and `Authorization` header of a call to `path` (such as `/validate?timeout=5s`).
    pub fn call(self, path: &str, credential: &str) -> (String, Option<String>) {
        if !self.takes_key() {
            return (path.to_owned(), Some(format!("Bearer {credential}")));
        }
        let (route, query) = path.split_once('?').unzip();
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        (format!("{}/{credential}{query}", route.unwrap_or(path)), None)
    }

    fn of_api(self, http: Said, rest: Said) -> Said {
        if self.api() == Api::Http { http } else { rest }
    }

    /// To a caller that the authorizer refuses.
    pub fn refused(self) -> Said {
        self.of_api(
            (403, r#"{"message":"Forbidden"}"#),
            (
                403,
                r#"{"Message":"User is not authorized to access this resource with an explicit deny in an identity-based policy"}"#,
            ),
        )
    }

    /// To a caller without an `Authorization` header, where one is asked for.
    pub fn no_header(self) -> Said {
        (401, r#"{"message":"Unauthorized"}"#)
    }

    /// To a caller without an `Authorization` header, on a path that is not a route.
    pub fn no_route(self) -> Said {
        self.of_api(
            (404, r#"{"message":"Not Found"}"#),
            (403, r#"{"message":"Missing Authentication Token"}"#),
        )
    }

    /// Where the authorizer fails.
    pub fn authorizer_failed(self) -> Said {
        self.of_api((500, INTERNAL), (500, r#"{"message":null}"#))
    }

    /// Where the admission function fails.
    pub fn function_failed(self) -> Said {
        self.of_api((500, INTERNAL), (502, r#"{"message":"Internal server error"}"#))
    }

    /// Where the admission function does not answer in time.
    pub fn too_late(self) -> Said {
        self.of_api(
            (503, r#"{"message":"Service Unavailable"}"#),
            (504, r#"{"message":"Endpoint request timed out"}"#),
        )
    }

    /// To a body of more than 10 MB.
    pub fn body_too_large(self) -> Said {
        self.of_api(
            (413, TOO_LARGE),
            (413, r#"{"message":"HTTP content length exceeded 10485760 bytes."}"#),
        )
    }

    /// To a body of which Lambda does not take the event.
    pub fn event_too_large(self) -> Said {
        self.of_api((413, TOO_LARGE), (413, r#"{"message":"Request Too Long"}"#))
    }
}

const INTERNAL: &str = r#"{"message":"Internal Server Error"}"#;
const TOO_LARGE: &str = r#"{"message":"Request Entity Too Large"}"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_shows_the_credential_in_one_place() {
        let header = Some("Bearer c".to_owned());
        for door in [Door::Header, Door::PrivateHeader, Door::RegionalHeader] {
            let call = door.call("/validate?timeout=5s", "c");
            assert_eq!(call, ("/validate?timeout=5s".into(), header.clone()));
        }
        for door in [Door::Url, Door::PrivateUrl, Door::RegionalUrl] {
            let call = door.call("/validate?timeout=5s", "c");
            assert_eq!(call, ("/validate/c?timeout=5s".into(), None));
            assert_eq!(door.call("/mutate", "c"), ("/mutate/c".into(), None));
        }
    }
}
