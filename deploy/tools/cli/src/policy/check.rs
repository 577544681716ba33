//! `ecr-admission policy check`: what a document says, in plain words.

use ecr_admission_policy::document::{Document, MAX_BYTES};
use ecr_admission_policy::policy::denials::Denials;
use ecr_admission_policy::policy::exemption::Requester;
use ecr_admission_policy::text::printable;
use ecr_admission_policy::{Policy, Timestamp};

use crate::Answer;
use crate::policy::options::{Parameters, PolicyCheck};
use crate::policy::page::{Page, list};
use crate::read::{self, Unusable};

mod break_glass;
pub(crate) mod cautions;
mod expiring;
mod modes;
mod registries;
mod required;
mod switches;

/// A document that was read, and what it is explained with.
pub(crate) struct Explained<'a> {
    document: &'a Document,
    bytes: usize,
    /// The policy of a request to which no namespace and no exemption applies.
    policy: Policy,
    parameters: &'a Parameters,
    now: Timestamp,
}

impl<'a> Explained<'a> {
    fn of(
        document: &'a Document,
        bytes: usize,
        parameters: &'a Parameters,
        now: Timestamp,
    ) -> Self {
        let base = parameters.base(document, "", None);
        let policy = document.policy(base, &Requester::default(), now);
        Self { document, bytes, policy, parameters, now }
    }
}

/// What is valid in a document but may not be what the operator means, a line each.
pub(crate) fn cautions(
    document: &Document,
    bytes: usize,
    parameters: &Parameters,
    now: Timestamp,
) -> Vec<String> {
    cautions::all(&Explained::of(document, bytes, parameters, now))
}

pub(crate) fn run(options: &PolicyCheck, now: Timestamp) -> Answer {
    let (document, text) = match read::document(&options.document) {
        Ok(read) => read,
        Err(Unusable::Bad(problem)) => return Answer::refused(&problem, Answer::BAD),
        Err(Unusable::Unreadable(problem)) => return Answer::refused(&problem, Answer::UNUSABLE),
    };
    if let Some(rule) = options.require_deny {
        let loosened = required::loosened(&document, rule, now);
        if !loosened.is_empty() {
            let file = printable(&options.document.to_string_lossy());
            let loosened = printable(&list(loosened));
            let problem = format!("{file}: {rule} does not always deny: {loosened}");
            return Answer::refused(&problem, Answer::BAD);
        }
    }
    let explained = Explained::of(&document, text.len(), &options.parameters, now);
    let mut page = Page::default();
    let file = printable(&options.document.to_string_lossy());
    page.line("", "  ", &format!(
        "{file} is a valid policy document: {} of the {MAX_BYTES} bytes of a secret. Explained as of {now}.", text.len()
    ));
    modes::explain(&mut page, &document, &options.namespaces, &options.cluster);
    switches::explain(&mut page, &explained);
    expiring::explain(&mut page, &explained);
    registries::explain(&mut page, &explained);
    break_glass::explain(&mut page, &document);
    page.title("Denials");
    page.note(match explained.policy.denials {
        Denials::Full => "full: the author of a workload reads everything that is known",
        Denials::Short => "short: the author reads no names of vulnerabilities, and only the accounts and repositories in the workload; audit annotations and the log have everything",
    });
    cautions::explain(&mut page, &explained);
    Answer { out: page.into_text(), err: String::new(), code: Answer::GOOD }
}
