//! Through which VPC endpoints callers may come, and which cluster each belongs to.

use std::collections::BTreeMap;

use ecr_admission_lambda::{BadVariable, Environment};

use crate::tokens::is_cluster_name;

/// The VPC endpoints of the private door.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoints(BTreeMap<String, Option<String>>);

/// What is expected of a list of VPC endpoints.
const IDS: &str = "comma-separated ids of VPC endpoints, each once, such as vpce-0123456789abcdef0";

impl Endpoints {
    /// The endpoints in the variable `ids`, none when it is not set or empty; and, where the variable `clusters` is
    /// set, the cluster of each, in the same order.
    pub fn from_environment(
        environment: &Environment,
        ids: &'static str,
        clusters: &'static str,
    ) -> Result<Self, BadVariable> {
        let mut endpoints = BTreeMap::new();
        let listed = list(environment, ids);
        for id in &listed {
            let once = is_endpoint(id) && endpoints.insert((*id).to_owned(), None).is_none();
            if !once {
                return Err(BadVariable::new(ids, id, IDS));
            }
        }
        let names = list(environment, clusters);
        if let Some(name) = names.iter().find(|name| !is_cluster_name(name)) {
            let expected = "comma-separated cluster names of 1 to 255 visible ASCII characters that do \
                            not begin with a colon";
            return Err(BadVariable::new(clusters, name, expected));
        }
        if !names.is_empty() && names.len() != listed.len() {
            let expected =
                format!("as many cluster names as {ids} has endpoints, which are {}", listed.len());
            let got = environment.get(clusters).unwrap_or_default();
            return Err(BadVariable::new(clusters, got, expected));
        }
        for (id, name) in listed.into_iter().zip(names) {
            endpoints.insert(id.to_owned(), Some(name.to_owned()));
        }
        Ok(Self(endpoints))
    }

    /// Whether there is no private door.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a caller may come through the endpoint with this id.
    pub fn contains(&self, id: &str) -> bool {
        self.0.contains_key(id)
    }

    /// The cluster that the endpoint with this id belongs to, where an endpoint stands for a cluster.
    pub fn cluster(&self, id: &str) -> Option<&str> {
        self.0.get(id)?.as_deref()
    }
}

/// The entries of a list. One that is not set or empty has none.
fn list<'a>(environment: &'a Environment, name: &str) -> Vec<&'a str> {
    let entries = environment.non_empty(name).into_iter().flat_map(|value| value.split(','));
    entries.map(str::trim).collect()
}

/// Whether this is an id of a VPC endpoint, as Amazon EC2 has them: of 8 or of 17 digits.
pub(crate) fn is_endpoint(id: &str) -> bool {
    let hexadecimal = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    id.strip_prefix("vpce-")
        .is_some_and(|id| [8, 17].contains(&id.len()) && id.bytes().all(hexadecimal))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLUE: &str = "vpce-0123456789abcdef0";
    const GREEN: &str = "vpce-0fedcba9876543210";

    fn endpoints(ids: &str, clusters: &str) -> Result<Endpoints, String> {
        let environment = Environment::from_iter([
            ("VPC_ENDPOINT_IDS", ids),
            ("VPC_ENDPOINT_CLUSTERS", clusters),
        ]);
        let endpoints =
            Endpoints::from_environment(&environment, "VPC_ENDPOINT_IDS", "VPC_ENDPOINT_CLUSTERS");
        endpoints.map_err(|bad| bad.to_string())
    }

    #[test]
    fn each_endpoint_belongs_to_the_cluster_at_its_place() {
        let both = endpoints(&format!("{BLUE}, {GREEN}"), "blue,green").unwrap();
        assert!(both.contains(BLUE) && both.contains(GREEN) && !both.contains("vpce-01234567"));
        assert_eq!((both.cluster(BLUE), both.cluster(GREEN)), (Some("blue"), Some("green")));
        assert_eq!((both.cluster("vpce-01234567"), both.cluster("")), (None, None));
        // A cluster may have two endpoints.
        let twice = endpoints(&format!("{GREEN},{BLUE}"), "blue,blue").unwrap();
        assert_eq!((twice.cluster(BLUE), twice.cluster(GREEN)), (Some("blue"), Some("blue")));
    }

    #[test]
    fn without_clusters_no_endpoint_stands_for_one() {
        let one = endpoints("vpce-01234567", "").unwrap();
        assert!(one.contains("vpce-01234567") && !one.is_empty());
        assert_eq!(one.cluster("vpce-01234567"), None);
        let none = endpoints("", "").unwrap();
        assert!(none.is_empty() && !none.contains("") && !none.contains(BLUE));
        assert_eq!(none, Endpoints::default());
    }

    #[test]
    fn what_is_not_an_endpoint_or_is_one_twice_stops_the_function() {
        for (ids, got) in [
            ("!", "!"),
            ("vpce-0123456789abcdef0,", ""),
            (",vpce-0123456789abcdef0", ""),
            ("vpce-0123456789ABCDEF0", "vpce-0123456789ABCDEF0"),
            ("vpce-0123456789abcdef", "vpce-0123456789abcdef"),
            ("vpce-0123456789abcdefg", "vpce-0123456789abcdefg"),
            ("vpc-01234567", "vpc-01234567"),
            ("vpce-01234567 vpce-0123456a", "vpce-01234567 vpce-0123456a"),
            ("vpce-01234567,vpce-01234567", "vpce-01234567"),
            ("*", "*"),
        ] {
            assert_eq!(
                endpoints(ids, "").unwrap_err(),
                format!(
                    "environment variable VPC_ENDPOINT_IDS: expected comma-separated ids of VPC \
                     endpoints, each once, such as vpce-0123456789abcdef0, got \"{got}\""
                )
            );
        }
    }

    #[test]
    fn what_is_not_a_cluster_name_stops_the_function() {
        for (clusters, got) in
            [(":blue", ":blue"), ("a b", "a b"), ("ü", "ü"), ("blue,", ""), (",", "")]
        {
            assert_eq!(
                endpoints(BLUE, clusters).unwrap_err(),
                format!(
                    "environment variable VPC_ENDPOINT_CLUSTERS: expected comma-separated cluster \
                     names of 1 to 255 visible ASCII characters that do not begin with a colon, got \
                     \"{got}\""
                )
            );
        }
        assert!(endpoints(BLUE, &"a".repeat(256)).is_err());
        assert!(endpoints(BLUE, &"a".repeat(255)).is_ok());
    }

    #[test]
    fn lists_of_different_length_stop_the_function() {
        let both = format!("{BLUE},{GREEN}");
        for (ids, clusters, count) in
            [(BLUE, "blue,green", 1), (both.as_str(), "blue", 2), ("", "blue", 0)]
        {
            assert_eq!(
                endpoints(ids, clusters).unwrap_err(),
                format!(
                    "environment variable VPC_ENDPOINT_CLUSTERS: expected as many cluster names as \
                     VPC_ENDPOINT_IDS has endpoints, which are {count}, got \"{clusters}\""
                )
            );
        }
    }
}
