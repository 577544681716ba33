//! The answers: a simple response to an HTTP API, an IAM policy to a REST API.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html>

use std::fmt;

use serde::Serialize;

use crate::authorize::Caller;
use crate::read::Stage;
use crate::url_key::UrlKey;

/// A caller that is let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admitted {
    /// The owner of a token or a key.
    Credential(Caller),
    /// The cluster that a VPC endpoint belongs to.
    Endpoint(String),
}

impl Admitted {
    /// The cluster that calls.
    pub fn cluster(&self) -> &str {
        match self {
            Self::Credential(caller) => &caller.cluster,
            Self::Endpoint(cluster) => cluster,
        }
    }

    /// Which version of the token secret the credential is of.
    pub fn stage(&self) -> Option<Stage> {
        match self {
            Self::Credential(caller) => Some(caller.stage),
            Self::Endpoint(_) => None,
        }
    }

    /// How the caller is known: `header`, `url` or `endpoint`.
    pub fn via(&self) -> &'static str {
        match self {
            Self::Credential(caller) => caller.via.name(),
            Self::Endpoint(_) => "endpoint",
        }
    }
}

/// What API Gateway expects in answer to an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// Of an HTTP API, payload format 2.0.
    Simple,
    /// Of a REST API: what an answer that lets in would allow, if there is such an answer.
    Policy(Option<Grants>),
}

/// The methods of a REST API that an answer allows, as ARNs: never a pattern. A key is in the path, and so in the
/// ARN that allows it.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Grants(Vec<String>);

impl Grants {
    /// What a caller may invoke that calls the method with this ARN. A token, or an endpoint, opens both webhooks of
    /// the same API and stage, since API Gateway may reuse the answer for the other one; a key opens what it
    /// calls, and nothing else.
    ///
    /// `None` for an ARN that is not one of a method of ours, for `resource` and, in its place, `key`.
    pub fn of(method_arn: &str, resource: &str, key: &str) -> Option<Self> {
        let mut parts = method_arn.splitn(4, '/');
        let (api, stage, method, path) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        if !is_api(api) || !is_word(stage) || method != "POST" {
            return None;
        }
        let base = format!("{api}/{stage}/POST");
        match (resource, path.split_once('/')) {
            ("/validate", None) if path == "validate" => {}
            ("/mutate", None) if path == "mutate" => {}
            ("/validate/{key}", Some(("validate", part)))
            | ("/mutate/{key}", Some(("mutate", part))) => {
                // What has the form of a key has nothing in it that a policy takes for a pattern.
                let is_it = part == key && UrlKey::parse(part).is_some();
                return is_it.then(|| Self(vec![method_arn.to_owned()]));
            }
            _ => return None,
        }
        Some(Self(vec![format!("{base}/validate"), format!("{base}/mutate")]))
    }
}

/// Whether this is the ARN of a REST API: `arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5`.
fn is_api(arn: &str) -> bool {
    let parts: Vec<&str> = arn.split(':').collect();
    matches!(parts.as_slice(), ["arn", _, "execute-api", _, _, _]) && parts.into_iter().all(is_word)
}

/// Whether this has only characters of identifiers: no pattern of a policy.
fn is_word(text: &str) -> bool {
    let of_a_word = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    !text.is_empty() && text.bytes().all(of_a_word)
}

impl fmt::Debug for Grants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Grants(…)")
    }
}

/// What API Gateway passes to the access log and to the admission function, as `$context.authorizer.cluster`,
/// `.token` and `.via`; empty for a caller that was refused, never null.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Context {
    /// The cluster that calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// Which version of the token secret the token is from; of a caller that is known by its endpoint there
    /// is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Stage>,
    /// How the caller is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub via: Option<&'static str>,
    /// `true` for a previous token or key that soon stops working ([`crate::authorize::EXPIRING`]). The access log
    /// has it, and the alarm `PreviousTokenExpiring` counts it there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiring: Option<&'static str>,
}

impl Context {
    fn of(admitted: &Admitted) -> Self {
        let expiring = match admitted {
            Admitted::Credential(caller) => caller.expiring,
            Admitted::Endpoint(_) => false,
        };
        Self {
            cluster: Some(admitted.cluster().to_owned()),
            token: admitted.stage(),
            via: Some(admitted.via()),
            expiring: expiring.then_some("true"),
        }
    }
}

/// The answer to API Gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Response {
    /// To an HTTP API.
    #[serde(rename_all = "camelCase")]
    Simple {
        /// Whether the caller is let in.
        is_authorized: bool,
        /// Who that is.
        context: Context,
    },
    /// To a REST API.
    #[serde(rename_all = "camelCase")]
    Policy {
        /// The cluster, or `unknown`.
        principal_id: String,
        /// What the caller may invoke, or that it may invoke nothing.
        policy_document: PolicyDocument,
        /// Who calls.
        context: Context,
    },
}

/// An IAM policy with one statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyDocument {
    version: &'static str,
    statement: [Statement; 1],
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    action: &'static str,
    effect: Effect,
    resource: Resource,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
enum Effect {
    Allow,
    Deny,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
enum Resource {
    These(Grants),
    /// `*`: of a refusal only.
    Any(&'static str),
}

/// Lets in who is admitted; `None` is refused. A refusal holds nothing of the call.
pub fn respond(form: Form, admitted: Option<&Admitted>) -> Response {
    match form {
        Form::Simple => Response::Simple {
            is_authorized: admitted.is_some(),
            context: admitted.map(Context::of).unwrap_or_default(),
        },
        Form::Policy(grants) => {
            admitted.zip(grants).map_or_else(deny, |(admitted, grants)| allow(admitted, grants))
        }
    }
}

fn allow(admitted: &Admitted, grants: Grants) -> Response {
    Response::Policy {
        principal_id: admitted.cluster().to_owned(),
        policy_document: PolicyDocument::new(Effect::Allow, Resource::These(grants)),
        context: Context::of(admitted),
    }
}

fn deny() -> Response {
    Response::Policy {
        principal_id: "unknown".to_owned(),
        policy_document: PolicyDocument::new(Effect::Deny, Resource::Any("*")),
        context: Context::default(),
    }
}

impl PolicyDocument {
    fn new(effect: Effect, resource: Resource) -> Self {
        let statement = [Statement { action: "execute-api:Invoke", effect, resource }];
        Self { version: "2012-10-17", statement }
    }
}

impl Response {
    /// Whether the caller is let in.
    pub fn is_authorized(&self) -> bool {
        match self {
            Self::Simple { is_authorized, .. } => *is_authorized,
            Self::Policy { policy_document: PolicyDocument { statement: [one], .. }, .. } => {
                one.effect == Effect::Allow
            }
        }
    }

    /// What it says of the caller.
    pub fn context(&self) -> &Context {
        match self {
            Self::Simple { context, .. } | Self::Policy { context, .. } => context,
        }
    }
}

#[cfg(test)]
mod tests;
