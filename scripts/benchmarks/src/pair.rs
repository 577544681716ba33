//! The two sandboxes that a review meets, as Lambda runs them: the whole of a core in the init phase, and then the
//! share of their memory.

use std::time::{Duration, Instant};

use crate::cloud;
use crate::event;
use crate::failure::Failure;
use crate::pods;
use crate::sandbox::{Answered, Program, Sandbox};
use crate::share::Share;

/// The programs of both functions, and the memory of their sandboxes.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The authorizer function.
    pub authorizer: Program,
    /// The admission function.
    pub admission: Program,
    /// Of each, in MiB.
    pub memory_mib: u32,
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
    /// function.
    pub async fn cold(&self, images: &[String]) -> Result<Warm, Failure> {
        let started = Instant::now();
        let (authorizer, share) = self.start(&self.authorizer).await?;
        let (held, authorizer) = authorized(authorizer, share).await?;
        let (mut sandbox, share) = self.start(&self.admission).await?;
        let answered = review(&mut sandbox, images).await?;
        let first = started.elapsed().saturating_sub(held + answered.held);
        Ok(Warm { sandbox, _share: share, first, authorizer })
    }

    async fn start(&self, program: &Program) -> Result<(Sandbox, Share), Failure> {
        let share = Share::of(self.memory_mib)?;
        let sandbox = Sandbox::start(program).await?;
        sandbox.limit(&share)?;
        Ok((sandbox, share))
    }
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

/// Asks the authorizer twice and ends it: what the caller did not wait for, and the second answer.
async fn authorized(
    mut authorizer: Sandbox,
    _share: Share,
) -> Result<(Duration, Answered), Failure> {
    let mut first = None;
    loop {
        let answered = authorizer.invoke(event::authorize(&cloud::token())?).await?;
        if event::authorizes(&answered.body) != Some(true) {
            return Err(format!("the authorizer refused the token: {answered:?}").into());
        }
        let Some((held, answered_at)) = first else {
            first = Some((answered.held, Instant::now()));
            continue;
        };
        authorizer.stop().await?;
        return Ok((held + Instant::elapsed(&answered_at), answered));
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
