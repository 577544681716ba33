//! The two sandboxes that a review meets, as Lambda runs them: the whole of a core in the init phase, and then the
//! share of their memory.

use std::time::Duration;

use crate::cloud;
use crate::event;
use crate::failure::Failure;
use crate::pods;
use crate::sandbox::{Answered, Program, Sandbox};
use crate::share::Share;

/// The memory of the sandboxes of both functions, in MiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memories {
    /// Of the authorizer function.
    pub authorizer: u32,
    /// Of the admission function.
    pub admission: u32,
}

impl Memories {
    /// The defaults of `authorizerMemory` and `admissionMemory` in infra/parameters.json.
    pub const DEFAULT: Self = Self { authorizer: 128, admission: 256 };

    /// The same of both.
    pub fn both(memory_mib: u32) -> Self {
        Self { authorizer: memory_mib, admission: memory_mib }
    }
}

/// The programs of both functions, and the memory of their sandboxes.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The authorizer function.
    pub authorizer: Program,
    /// The admission function.
    pub admission: Program,
    /// Which decides what their sandboxes get of a core.
    pub memories: Memories,
}

/// A sandbox of the admission function under its share, which has answered its first review.
#[derive(Debug)]
pub struct Warm {
    sandbox: Sandbox,
    // Dropped after the sandbox, so that the group is empty by then.
    _share: Share,
    /// What the first review waited for: both init phases, both answers.
    pub first: Duration,
    /// A later answer of the authorizer.
    pub authorizer: Answered,
}

impl Pair {
    /// A review of these images that meets no sandbox: API Gateway asks the authorizer, and then calls the admission
    /// function. What it waits for is the sum of these steps, without what lies between them: putting an idle process
    /// into its control group takes the kernel some milliseconds.
    pub async fn cold(&self, images: &[String]) -> Result<Warm, Failure> {
        let (authorizer, share) = start(&self.authorizer, self.memories.authorizer).await?;
        let init = authorizer.init;
        let [first_answer, later_answer] = authorize_twice(authorizer, share).await?;
        let (mut sandbox, share) = start(&self.admission, self.memories.admission).await?;
        let answered = review(&mut sandbox, images).await?;
        let first = init + first_answer.took + sandbox.init + answered.took;
        Ok(Warm { sandbox, _share: share, first, authorizer: later_answer })
    }
}

async fn start(program: &Program, memory_mib: u32) -> Result<(Sandbox, Share), Failure> {
    let mut program = program.clone();
    program
        .environment
        .insert("AWS_LAMBDA_FUNCTION_MEMORY_SIZE".to_owned(), memory_mib.to_string());
    let share = Share::of(memory_mib)?;
    let sandbox = Sandbox::start(&program).await?;
    sandbox.limit(&share)?;
    Ok((sandbox, share))
}

impl Warm {
    /// A review of these images by the sandbox as it is.
    pub async fn review(&mut self, images: &[String]) -> Result<Answered, Failure> {
        review(&mut self.sandbox, images).await
    }

    /// Ends it as Lambda does.
    pub async fn stop(self) -> Result<(), Failure> {
        self.sandbox.stop().await
    }
}

/// Asks the authorizer twice and ends it.
async fn authorize_twice(mut authorizer: Sandbox, _share: Share) -> Result<[Answered; 2], Failure> {
    let first = authorize(&mut authorizer).await?;
    let second = authorize(&mut authorizer).await?;
    authorizer.stop().await?;
    Ok([first, second])
}

async fn authorize(authorizer: &mut Sandbox) -> Result<Answered, Failure> {
    let answered = authorizer.invoke(event::authorize(&cloud::token())?).await?;
    match event::authorizes(&answered.body) {
        Some(true) => Ok(answered),
        _ => Err(format!("the authorizer refused the token: {answered:?}").into()),
    }
}

async fn review(sandbox: &mut Sandbox, images: &[String]) -> Result<Answered, Failure> {
    let review = pods::review("u", images).ok_or("no captured Pod")?;
    let answered = sandbox.invoke(event::validate(&review)?).await?;
    match event::admits(&answered.body) {
        Some(true) => Ok(answered),
        _ => {
            Err(format!("a review of {} images was not admitted: {answered:?}", images.len())
                .into())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn the_defaults_are_those_of_the_stack() {
        let table: Vec<Value> =
            serde_json::from_str(include_str!("../../../infra/parameters.json")).unwrap();
        let default = |prop: &str| {
            let row = table.iter().find(|row| row["prop"] == prop).unwrap();
            u32::try_from(row["default"].as_u64().unwrap()).unwrap()
        };
        let Memories { authorizer, admission } = Memories::DEFAULT;
        assert_eq!(
            [authorizer, admission],
            [default("authorizerMemory"), default("admissionMemory")]
        );
    }
}
