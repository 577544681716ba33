//! The facts of an image of one platform: its scan, its config, and what is fetched from elsewhere.

use super::manifest::Elsewhere;
use super::scan::ImageScan;
use super::unavailable::Unavailable;

/// The facts of an image of one platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlatformFacts {
    /// Its scan.
    pub scan: ImageScan,
    /// What its author says about the container.
    pub config: ConfigFacts,
    /// What of it may be fetched from elsewhere than its repository; `None` for nothing.
    pub elsewhere: Option<Box<Elsewhere>>,
}

impl PlatformFacts {
    /// The facts of an image that lies in its repository as a whole.
    pub fn new(scan: ImageScan, config: ConfigFacts) -> Self {
        Self { scan, config, elsewhere: None }
    }

    pub(crate) fn bytes(&self) -> usize {
        let elsewhere = self.elsewhere.as_deref().map_or(0, Elsewhere::bytes);
        size_of::<Self>() + self.scan.bytes() + self.config.bytes() + elsewhere
    }
}

/// The config blob of an image, as far as rules depend on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigFacts {
    /// Nobody asked for it.
    NotRead,
    /// It was read.
    Read(ImageConfig),
    /// It was to be read, and could not be.
    Unavailable(Unavailable),
}

impl ConfigFacts {
    fn bytes(&self) -> usize {
        match self {
            Self::Read(config) => {
                let ports =
                    config.exposed_ports.iter().map(|port| size_of::<String>() + port.len());
                config.user.len() + ports.sum::<usize>()
            }
            Self::NotRead | Self::Unavailable(_) => 0,
        }
    }
}

/// `config` of an image's config blob (OCI image specification, image configuration).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageConfig {
    /// `User`, such as `1000:1000`; empty when absent, which a runtime takes for root.
    pub user: String,
    /// The keys of `ExposedPorts`, such as `22/tcp`, as they came.
    pub exposed_ports: Vec<String>,
    /// `os` of the blob itself, such as `windows`; empty when absent.
    pub os: String,
}
