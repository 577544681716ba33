//! The two ways into a stack, for tests that hold for both.

use crate::url_key;

/// How a caller shows who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// A token in the `Authorization` header.
    Header,
    /// A key in the path of the URL.
    Url,
}

impl Door {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Header, Self::Url];

    /// The options of a stack that has this door.
    pub fn args(self) -> &'static [&'static str] {
        match self {
            Self::Header => &[],
            Self::Url => &["--url-keys"],
        }
    }

    /// The function behind it, as the log names it.
    pub fn authorizer(self) -> &'static str {
        match self {
            Self::Header => "authorizer",
            Self::Url => "key-authorizer",
        }
    }

    /// What the owner of a token presents.
    pub fn credential(self, token: &str) -> String {
        match self {
            Self::Header => token.to_owned(),
            Self::Url => url_key::of(token),
        }
    }

    /// Path and `Authorization` header of a call to `path` (such as `/validate?timeout=5s`).
    pub fn call(self, path: &str, credential: &str) -> (String, Option<String>) {
        match self {
            Self::Header => (path.to_owned(), Some(format!("Bearer {credential}"))),
            Self::Url => {
                let (route, query) = path.split_once('?').unzip();
                let query = query.map(|query| format!("?{query}")).unwrap_or_default();
                (format!("{}/{credential}{query}", route.unwrap_or(path)), None)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_shows_the_credential_in_one_place() {
        let header = Some("Bearer c".to_owned());
        assert_eq!(
            Door::Header.call("/validate?timeout=5s", "c"),
            ("/validate?timeout=5s".into(), header)
        );
        assert_eq!(
            Door::Url.call("/validate?timeout=5s", "c"),
            ("/validate/c?timeout=5s".into(), None)
        );
        assert_eq!(Door::Url.call("/mutate", "c"), ("/mutate/c".into(), None));
    }
}
