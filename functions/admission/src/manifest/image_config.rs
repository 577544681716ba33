//! The config blob of an image (OCI image specification, image configuration).

use ecr_admission_policy::facts::ImageConfig;
use serde::de::Error as _;

use super::object::Object;

/// The longest user and the longest port that are kept, in bytes. Real ones are far shorter, and a part
/// of one would say something else than the whole.
const LONGEST: usize = 128;

/// Reads a config blob.
pub fn parse(json: &[u8]) -> serde_json::Result<ImageConfig> {
    let document: Object<'_> = serde_json::from_slice(json)?;
    let Some(config) = document.field::<Object<'_>>("config")? else {
        return Ok(ImageConfig::default());
    };
    let user: String = config.field("User")?.unwrap_or_default();
    let ports = config.field::<Object<'_>>("ExposedPorts")?;
    let exposed_ports: Vec<String> = ports.into_iter().flat_map(Object::into_keys).collect();
    if exposed_ports.iter().chain([&user]).any(|text| text.len() > LONGEST) {
        return Err(serde_json::Error::custom(format_args!(
            "a user or a port of more than {LONGEST} bytes"
        )));
    }
    Ok(ImageConfig { user, exposed_ports, os: document.field("os")?.unwrap_or_default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_ports_are_read() {
        for (json, user, ports) in [
            (
                r#"{"config": {"User": "1000:1000", "ExposedPorts": {"22/tcp": {}, "53/udp": {}}}}"#,
                "1000:1000",
                &["22/tcp", "53/udp"][..],
            ),
            (
                r#"{"architecture": "amd64", "config": {"User": "", "ExposedPorts": null, "Env": []}}"#,
                "",
                &[],
            ),
            (r#"{"config": {}}"#, "", &[]),
            (r#"{"config": null}"#, "", &[]),
            ("{}", "", &[]),
        ] {
            let expected = ImageConfig {
                user: user.to_owned(),
                exposed_ports: ports.iter().map(|&port| port.to_owned()).collect(),
                os: String::new(),
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
            r#"{"config": []}"#,
            r#"{"config": {"User": 0}}"#,
            r#"{"config": {"User": "1000"}, "Config": {"User": "0"}}"#,
            r#"{"config": {"User": "1000", "user": "0"}}"#,
            r#"{"config": {"ExposedPorts": ["22/tcp"]}}"#,
            r#"{"config": {"ExposedPorts": {}, "expoſedPorts": {"22/tcp": {}}}}"#,
            &format!(r#"{{"config": {{"User": "{long}"}}}}"#),
            &format!(r#"{{"config": {{"ExposedPorts": {{"{long}": {{}}}}}}}}"#),
        ] {
            assert!(parse(json.as_bytes()).is_err(), "{json}");
        }
        assert!(parse(b"{\"config\": {\"User\": \"\xff\"}}").is_err());
    }
}
