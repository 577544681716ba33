//! The config blob of an image (OCI image specification, image configuration).

use std::fmt;

use ecr_admission_policy::facts::ImageConfig;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};

use super::descriptor::LONGEST_OS;
use super::object::{Notes, Object, OrNull, Record, Text, object, text};

/// The longest user and the longest port that are kept, in bytes. Real ones are far shorter, and a part
/// of one would say something else than the whole.
const LONGEST: usize = 128;

/// The most ports that are kept. Real images expose a handful.
const MAX_PORTS: usize = 64;

/// Reads a config blob.
///
/// # Errors
///
/// When it is not JSON, when a field of it has a type that Go refuses, is written twice or in other
/// letters or is longer than what is compared, and with more than 64 ports.
pub fn parse(json: &[u8]) -> serde_json::Result<ImageConfig> {
    let notes = Notes::default();
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let Blob { os, config } = Object::new(&notes).deserialize(&mut deserializer)?;
    deserializer.end()?;
    let Container { user, exposed_ports } = config;
    Ok(ImageConfig { user, exposed_ports, os })
}

#[derive(Default)]
struct Blob {
    os: String,
    config: Container,
}

impl<'de> Record<'de> for Blob {
    const FIELDS: &'static [&'static str] = &["os", "config"];

    fn field<A: MapAccess<'de>>(
        &mut self,
        name: &'static str,
        map: &mut A,
        notes: &Notes,
    ) -> Result<(), A::Error> {
        if name == "os" {
            let os = text(map)?.unwrap_or_default();
            self.os = notes.at_most(LONGEST_OS, "os", os)?.into_owned();
        } else {
            self.config = object(map, notes)?.unwrap_or_default();
        }
        Ok(())
    }
}

#[derive(Default)]
struct Container {
    user: String,
    exposed_ports: Vec<String>,
}

impl<'de> Record<'de> for Container {
    const FIELDS: &'static [&'static str] = &["User", "ExposedPorts"];

    fn field<A: MapAccess<'de>>(
        &mut self,
        name: &'static str,
        map: &mut A,
        notes: &Notes,
    ) -> Result<(), A::Error> {
        if name == "User" {
            let user = text(map)?.unwrap_or_default();
            self.user = notes.at_most(LONGEST, "User", user)?.into_owned();
        } else {
            let ports = map.next_value_seed(OrNull(Ports(notes)))?;
            self.exposed_ports = ports.unwrap_or_default();
        }
        Ok(())
    }
}

/// The keys of `ExposedPorts`. It is a map, whose keys Go compares exactly.
struct Ports<'n>(&'n Notes);

impl<'de> DeserializeSeed<'de> for Ports<'_> {
    type Value = Vec<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Ports<'_> {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut ports = vec![];
        while let Some((Text(port), IgnoredAny)) = map.next_entry::<Text<'de>, IgnoredAny>()? {
            if ports.len() == MAX_PORTS {
                return Err(A::Error::custom(format_args!("more than {MAX_PORTS} ports")));
            }
            ports.push(self.0.at_most(LONGEST, "a port", port)?.into_owned());
        }
        Ok(ports)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn os_user_and_ports_are_read() {
        for (json, os, user, ports) in [
            (
                r#"{"os": "linux", "config": {"User": "1000:1000", "ExposedPorts": {"22/tcp": {}, "53/udp": {}}}}"#,
                "linux",
                "1000:1000",
                &["22/tcp", "53/udp"][..],
            ),
            (
                r#"{"architecture": "amd64", "config": {"User": "", "ExposedPorts": null, "Env": []}}"#,
                "",
                "",
                &[],
            ),
            (
                r#"{"config": {"Labels": {"User": "0", "user": "0"}, "ExposedPorts": {"22/TCP": {}, "22/tcp": {}}}}"#,
                "",
                "",
                &["22/TCP", "22/tcp"],
            ),
            (r#"{"config": {}, "os": null}"#, "", "", &[]),
            (r#"{"config": null}"#, "", "", &[]),
            ("{}", "", "", &[]),
        ] {
            let expected = ImageConfig {
                os: os.to_owned(),
                user: user.to_owned(),
                exposed_ports: ports.iter().map(|&port| port.to_owned()).collect(),
            };
            assert_eq!(parse(json.as_bytes()).unwrap(), expected, "{json}");
        }
    }

    #[test]
    fn what_a_runtime_could_read_otherwise_is_not_read() {
        let long = "1".repeat(LONGEST + 1);
        for json in [
            "",
            "[]",
            "{} {}",
            r#"{"config": []}"#,
            r#"{"config": {"User": 0}}"#,
            r#"{"config": {"User": "1000"}, "Config": {"User": "0"}}"#,
            r#"{"config": {"User": "1000", "user": "0"}}"#,
            r#"{"config": {"ExposedPorts": ["22/tcp"]}}"#,
            r#"{"config": {"ExposedPorts": {}, "expoſedPorts": {"22/tcp": {}}}}"#,
            r#"{"os": "windows", "os": "linux"}"#,
            r#"{"OS": "windows"}"#,
            r#"{"os": 1}"#,
            &format!(r#"{{"os": "{long}"}}"#),
            &format!(r#"{{"config": {{"User": "{long}"}}}}"#),
            &format!(r#"{{"config": {{"ExposedPorts": {{"{long}": {{}}}}}}}}"#),
        ] {
            assert!(parse(json.as_bytes()).is_err(), "{json}");
        }
        assert!(parse(b"{\"config\": {\"User\": \"\xff\"}}").is_err());
    }

    #[test]
    fn more_ports_than_any_image_has_are_not_read() {
        let blob = |ports: usize| {
            let ports: Vec<String> =
                (0..ports).map(|port| format!("\"{port}/tcp\": {{}}")).collect();
            format!(r#"{{"config": {{"ExposedPorts": {{{}}}}}}}"#, ports.join(","))
        };
        assert_eq!(parse(blob(MAX_PORTS).as_bytes()).unwrap().exposed_ports.len(), MAX_PORTS);
        let error = parse(blob(MAX_PORTS + 1).as_bytes()).unwrap_err();
        assert!(error.to_string().starts_with("more than 64 ports"), "{error}");
    }
}
