//! The IAM policy that an authorizer answers with, and what it says of a method.

use serde::Deserialize;

/// What API Gateway asks of a policy.
const ACTION: &str = "execute-api:Invoke";

/// A policy document.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Policy {
    #[serde(rename = "Version")]
    _version: Version,
    statement: OneOrMany<Statement>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
enum Version {
    #[serde(rename = "2012-10-17")]
    Current,
    #[serde(rename = "2008-10-17")]
    Old,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Statement {
    #[serde(rename = "Sid")]
    _sid: Option<String>,
    effect: Effect,
    action: OneOrMany<String>,
    resource: OneOrMany<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
enum Effect {
    Allow,
    Deny,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    fn iter(&self) -> std::slice::Iter<'_, T> {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
        .iter()
    }
}

/// What a policy says of a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Allowed,
    /// Whatever else allows it.
    ExplicitlyDenied,
    /// No statement names it.
    ImplicitlyDenied,
}

impl Policy {
    /// What this policy says of the method with this ARN.
    pub(super) fn verdict(&self, method_arn: &str) -> Verdict {
        let concerns = |statement: &&Statement| {
            statement.action.iter().any(|pattern| matches(pattern, ACTION))
                && statement.resource.iter().any(|pattern| matches(pattern, method_arn))
        };
        let effects = || self.statement.iter().filter(concerns).map(|statement| statement.effect);
        if effects().any(|effect| effect == Effect::Deny) {
            Verdict::ExplicitlyDenied
        } else if effects().any(|effect| effect == Effect::Allow) {
            Verdict::Allowed
        } else {
            Verdict::ImplicitlyDenied
        }
    }
}

/// `*` is any text, `?` any character.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => like(pattern, text),
        Some((start, rest)) => {
            let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            ends.filter_map(|at| text.split_at_checked(at)).any(|(before, _)| {
                let length = before.len();
                like(start, before)
                    && text.get(length..).is_some_and(|after| {
                        let starts = after.char_indices().map(|(at, _)| at).chain([after.len()]);
                        starts.filter_map(|at| after.get(at..)).any(|tail| matches(rest, tail))
                    })
            })
        }
    }
}

/// The same characters, where `?` is any.
fn like(pattern: &str, text: &str) -> bool {
    pattern.chars().count() == text.chars().count()
        && pattern.chars().zip(text.chars()).all(|(of, is)| of == '?' || of == is)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ARN: &str = "arn:aws:execute-api:us-east-1:123456789012:localrest/v1/POST/validate";

    fn verdict(statements: &Value) -> Verdict {
        let policy = json!({"Version": "2012-10-17", "Statement": statements});
        serde_json::from_value::<Policy>(policy).unwrap().verdict(ARN)
    }

    fn statement(effect: &str, resource: &Value) -> Value {
        json!({"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource})
    }

    #[test]
    fn a_deny_wins_and_what_is_not_named_is_denied() {
        let (this, other) = (json!(ARN), json!([ARN.replace("validate", "mutate")]));
        for (statements, expected) in [
            (json!([statement("Allow", &this)]), Verdict::Allowed),
            (statement("Allow", &json!([other[0], ARN])), Verdict::Allowed),
            (json!([statement("Allow", &other)]), Verdict::ImplicitlyDenied),
            (json!([]), Verdict::ImplicitlyDenied),
            (json!([statement("Deny", &json!("*"))]), Verdict::ExplicitlyDenied),
            (
                json!([statement("Allow", &json!("*")), statement("Deny", &this)]),
                Verdict::ExplicitlyDenied,
            ),
            (json!([statement("Deny", &other), statement("Allow", &this)]), Verdict::Allowed),
            (
                json!({"Effect": "Allow", "Action": ["execute-api:ManageConnections"], "Resource": "*"}),
                Verdict::ImplicitlyDenied,
            ),
        ] {
            assert_eq!(verdict(&statements), expected, "{statements}");
        }
    }

    #[test]
    fn patterns() {
        for (pattern, text, expected) in [
            ("a", "a", true),
            ("a", "A", false),
            ("*", "", true),
            ("*", "abc", true),
            ("a*", "abc", true),
            ("*c", "abc", true),
            ("a*c", "abc", true),
            ("a*b", "abc", false),
            ("a?c", "abc", true),
            ("a?", "abc", false),
            ("*/POST/*", "x/v1/POST/validate", true),
            ("*/GET/*", "x/v1/POST/validate", false),
            ("a**c", "ac", true),
            ("", "a", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn what_is_not_a_policy() {
        for policy in [
            json!({}),
            json!({"Statement": []}),
            json!({"Version": "2026-01-01", "Statement": []}),
            json!({"Version": "2012-10-17"}),
            json!({"version": "2012-10-17", "statement": []}),
            json!({"Version": "2012-10-17", "Statement": [{"Effect": "allow", "Action": "*", "Resource": "*"}]}),
            json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*"}]}),
        ] {
            assert!(serde_json::from_value::<Policy>(policy.clone()).is_err(), "{policy}");
        }
    }
}
