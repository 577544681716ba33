//! JSON that can say what no honest document says: an object with the same key twice.

use std::fmt;

use serde_json::Value;

#[derive(Clone, Debug)]
pub(crate) enum Tree {
    /// A number, a text, a truth value or null, as it is written.
    Scalar(String),
    List(Vec<Tree>),
    /// Keys as they are written between their quotes.
    Object(Vec<(String, Tree)>),
}

impl From<Value> for Tree {
    fn from(value: Value) -> Self {
        match value {
            Value::Array(elements) => Self::List(elements.into_iter().map(Self::from).collect()),
            Value::Object(members) => {
                Self::Object(members.into_iter().map(|(key, value)| (key, value.into())).collect())
            }
            scalar => Self::Scalar(scalar.to_string()),
        }
    }
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scalar(text) => f.write_str(text),
            Self::List(elements) => {
                f.write_str("[")?;
                for (position, element) in elements.iter().enumerate() {
                    write!(f, "{}{element}", if position == 0 { "" } else { "," })?;
                }
                f.write_str("]")
            }
            Self::Object(members) => {
                f.write_str("{")?;
                for (position, (key, value)) in members.iter().enumerate() {
                    write!(f, "{}\"{key}\":{value}", if position == 0 { "" } else { "," })?;
                }
                f.write_str("}")
            }
        }
    }
}

impl Tree {
    /// Every object in it, itself included, as `visit` finds them.
    pub(crate) fn each_object(&mut self, visit: &mut impl FnMut(&mut Vec<(String, Tree)>)) {
        match self {
            Self::Scalar(_) => {}
            Self::List(elements) => {
                for element in elements {
                    element.each_object(visit);
                }
            }
            Self::Object(members) => {
                visit(members);
                for (_, value) in members {
                    value.each_object(visit);
                }
            }
        }
    }
}
