//! The mode of every rule.

use std::collections::BTreeMap;

use crate::mode::Mode;
use crate::rule::Rule;

/// The modes of some rules.
pub type RuleModes = BTreeMap<Rule, Mode>;

/// The mode of every rule, for one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Modes {
    default: Mode,
    rules: RuleModes,
}

/// Every rule denies.
impl Default for Modes {
    fn default() -> Self {
        Self { default: Mode::Deny, rules: RuleModes::new() }
    }
}

impl Modes {
    /// The mode of a rule.
    pub fn of(&self, rule: Rule) -> Mode {
        self.rules.get(&rule).copied().unwrap_or(self.default)
    }

    /// Of two modes of a rule the stricter one, for every rule.
    #[must_use]
    pub fn stricter(&self, other: &Self) -> Self {
        let of = |rule: Rule| self.of(rule).max(other.of(rule));
        Self {
            default: self.default.max(other.default),
            rules: Rule::ALL.into_iter().map(|rule| (rule, of(rule))).collect(),
        }
    }

    /// These modes under those of a narrower place: its rules come first, then its default, and only
    /// where it has neither these.
    #[must_use]
    pub fn under(&self, default: Option<Mode>, rules: &RuleModes) -> Self {
        let inherited = if default.is_none() { self.rules.clone() } else { RuleModes::new() };
        Self {
            default: default.unwrap_or(self.default),
            rules: inherited
                .into_iter()
                .chain(rules.iter().map(|(rule, mode)| (*rule, *mode)))
                .collect(),
        }
    }
}
