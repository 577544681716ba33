//! What lies between a sandbox and AWS: a relay whose connections a test can let die.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use local_cloud::stack::Stack;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{SetOnce, watch};
use tokio_util::task::AbortOnDropHandle;

use crate::processes;

/// How a connection dies.
#[derive(Clone, Copy, Debug, Default)]
pub enum Death {
    /// It is closed in order (FIN).
    #[default]
    Closed,
    /// It is reset (RST).
    Reset,
    /// It is forgotten by what lies between: nothing that is sent on it arrives, and nobody says so.
    Forgotten,
}

/// A relay to the AWS of one stack.
#[derive(Debug)]
pub struct Relay {
    port: u16,
    aws: Arc<SetOnce<u16>>,
    death: watch::Sender<Death>,
    opened: Arc<AtomicUsize>,
    _accepting: AbortOnDropHandle<()>,
}

impl Relay {
    /// A relay that leads nowhere yet.
    pub async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (aws, death) = (Arc::new(SetOnce::new()), watch::Sender::default());
        let opened = Arc::new(AtomicUsize::new(0));
        let accepting =
            tokio::spawn(accept(listener, Arc::clone(&aws), death.clone(), Arc::clone(&opened)));
        Self { port, aws, death, opened, _accepting: AbortOnDropHandle::new(accepting) }
    }

    /// What makes the admission function call ECR through the relay.
    pub fn variable(&self) -> String {
        // The certificate of the stack's AWS is for the address, whatever the port.
        format!("AWS_ENDPOINT_URL_ECR=https://127.0.0.1:{}", self.port)
    }

    /// Leads to the AWS of `stack`. A caller with a wrong token starts the authorizer, whose
    /// environment says where AWS is.
    pub async fn lead_to(&self, stack: &Stack) {
        let wrong = [("authorization", "Bearer wrong"), ("content-type", "application/json")];
        let reply = stack.post("/validate?timeout=30s", &wrong, "{}").await.unwrap();
        assert_eq!(reply.status, 403, "{}", reply.text());
        let authorizer = processes::of(stack, "authorizer");
        let url = authorizer[0].variable("AWS_ENDPOINT_URL").unwrap();
        self.aws.set(url.rsplit(':').next().unwrap().parse().unwrap()).unwrap();
    }

    /// Lets every connection of this moment die.
    pub fn sever(&self, death: Death) {
        self.death.send_replace(death);
    }

    /// How many connections were opened so far.
    pub fn opened(&self) -> usize {
        self.opened.load(Ordering::Relaxed)
    }
}

async fn accept(
    listener: TcpListener,
    aws: Arc<SetOnce<u16>>,
    death: watch::Sender<Death>,
    opened: Arc<AtomicUsize>,
) {
    loop {
        let (near, _) = listener.accept().await.unwrap();
        opened.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(carry(near, Arc::clone(&aws), death.subscribe()));
    }
}

async fn carry(mut near: TcpStream, aws: Arc<SetOnce<u16>>, mut death: watch::Receiver<Death>) {
    let Ok(mut far) = TcpStream::connect(("127.0.0.1", *aws.wait().await)).await else { return };
    if near.set_nodelay(true).and(far.set_nodelay(true)).is_err() {
        return;
    }
    tokio::select! {
        // Either side may end it as it likes.
        _ended = copy_bidirectional(&mut near, &mut far) => {}
        Ok(()) = death.changed() => {
            let death = *death.borrow_and_update();
            match death {
                Death::Closed => {}
                Death::Reset => near.set_zero_linger().unwrap(),
                Death::Forgotten => std::future::pending().await,
            }
        }
    }
}
