//! Work after the answer has left: a layer around an invocation.
//!
//! The layer's inner service ends when the answer was posted to the Lambda Runtime API. Lambda
//! freezes the sandbox only when the runtime asks for the next event, which waits for the work here.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use lambda_runtime::{Error, LambdaInvocation};
use tower::{Layer, Service};

/// Runs the future that its closure makes after each answer.
#[derive(Debug, Clone)]
pub struct AfterAnswer<F>(pub F);

impl<S, F: Clone> Layer<S> for AfterAnswer<F> {
    type Service = AfterAnswerService<S, F>;

    fn layer(&self, inner: S) -> Self::Service {
        AfterAnswerService { inner, then: self.0.clone() }
    }
}

/// The service that [`AfterAnswer`] makes.
#[derive(Debug, Clone)]
pub struct AfterAnswerService<S, F> {
    inner: S,
    then: F,
}

impl<S, F, T> Service<LambdaInvocation> for AfterAnswerService<S, F>
where
    S: Service<LambdaInvocation, Response = (), Error = Error>,
    S::Future: 'static,
    F: Fn() -> T,
    T: Future<Output = ()> + 'static,
{
    type Response = ();
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<(), Error>>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, invocation: LambdaInvocation) -> Self::Future {
        let answer = self.inner.call(invocation);
        let then = (self.then)();
        Box::pin(async move {
            answer.await?;
            then.await;
            Ok(())
        })
    }
}
