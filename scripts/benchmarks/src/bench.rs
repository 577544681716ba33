//! What every measurement needs: the programs, a place for files, and how thorough to be.

use std::path::{Path, PathBuf};
use std::time::Instant;

use local_cloud::console;
use local_cloud::stack::{Stack, StackOptions};
use tempfile::TempDir;

use crate::catalogue;
use crate::cloud::Cloud;
use crate::failure::Failure;
use crate::options::Options;
use crate::sandbox::Program;

/// The variable that names a file of authorities. Without it, the functions trust those that are constants.
const NAMED_AUTHORITIES: &str = "SSL_CERT_FILE";

/// A run of the bench.
#[derive(Debug)]
pub struct Bench {
    /// Its command line.
    pub options: Options,
    /// AWS, for the functions beside the bench's Runtime API.
    pub cloud: Cloud,
    /// The version of valgrind, where it is installed.
    pub valgrind: Option<String>,
    directory: TempDir,
    started: Instant,
}

impl Bench {
    /// Starts AWS.
    pub async fn new(options: Options) -> Result<Self, Failure> {
        let directory = tempfile::tempdir()?;
        let catalogue = catalogue::yaml();
        std::fs::write(directory.path().join("registry.yaml"), &catalogue)?;
        let cloud = Cloud::start(directory.path(), &catalogue, []).await?;
        let valgrind = valgrind().await;
        Ok(Self { options, cloud, valgrind, directory, started: Instant::now() })
    }

    /// Says on stderr what is being done.
    pub fn say(&self, what: &str) {
        console::log(&format!("scripts/bench: {:>3} s  {what}", self.started.elapsed().as_secs()));
    }

    /// So many repetitions, or fewer in a quick run.
    pub fn repetitions(&self, thorough: usize, quick: usize) -> usize {
        if self.options.quick { quick } else { thorough }
    }

    /// Where files of this run go, which end with it.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// A path for a file of this run.
    pub fn file(&self, name: &str) -> PathBuf {
        self.directory().join(name)
    }

    /// The admission function, beside the bench's Runtime API.
    pub fn admission(&self) -> Program {
        self.program("admission", self.options.admission.clone())
    }

    /// The same as in Lambda, where no file names authorities. It could not connect to the stand-in.
    pub fn admission_by_constants(&self) -> Program {
        let mut program = self.admission();
        program.environment.remove(NAMED_AUTHORITIES);
        program
    }

    /// The same where a file names as many authorities as a machine trusts.
    pub fn admission_by_file(&self) -> Program {
        let mut program = self.admission();
        let file = self.cloud.trust_store.display().to_string();
        program.environment.insert(NAMED_AUTHORITIES.to_owned(), file);
        program
    }

    /// The authorizer function.
    pub fn authorizer(&self) -> Program {
        self.program("authorizer", self.options.authorizer.clone())
    }

    /// The smallest function.
    pub fn null(&self) -> Program {
        self.program("null-function", self.options.null.clone())
    }

    fn program(&self, name: &'static str, path: PathBuf) -> Program {
        let environment = self.cloud.environment.clone();
        Program { name, command: vec![path], environment, log: self.file(&format!("{name}.log")) }
    }

    /// A local-cloud with the functions that ship and the bench's catalogue.
    pub async fn stack(&self, arguments: &[&str]) -> Result<Stack, Failure> {
        let options = Stack::options().program(&self.options.local_cloud);
        let options =
            options.admission(&self.options.admission).authorizer(&self.options.authorizer);
        Ok(with_catalogue(options, &self.file("registry.yaml")).args(arguments).start().await?)
    }
}

fn with_catalogue(options: StackOptions, path: &Path) -> StackOptions {
    options.args(["--registry".into(), path.as_os_str().to_owned()])
}

async fn valgrind() -> Option<String> {
    let output = tokio::process::Command::new("valgrind").arg("--version").output().await.ok()?;
    let version = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| version.trim().to_owned())
}
