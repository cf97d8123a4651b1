//! The file in which an unknown outcome is kept. It is made before anything is sent, so that nothing can keep it from being written afterwards.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use paymux::Unresolved;

use crate::exit::Failure;

/// A file that was made for an outcome, and is removed unless one is kept in it.
#[derive(Debug)]
pub(crate) struct Keep {
    path: PathBuf,
    file: File,
}

impl Keep {
    /// Makes the file, for its owner alone.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        if path == Path::new("-") {
            let what = "--unresolved: must be a file, and `-` would be read as standard input later; nothing was sent";
            return Err(Failure::input(what));
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(path) {
            Ok(file) => Ok(Self {
                path: path.to_owned(),
                file,
            }),
            Err(error) => Err(Failure::input(format!(
                "--unresolved {}: cannot be made: {error}; nothing was sent",
                path.display()
            ))),
        }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps an outcome. The file stays also when this fails.
    pub(crate) fn write(mut self, unresolved: &Unresolved) -> io::Result<()> {
        let text = serde_json::to_string_pretty(unresolved)?;
        writeln!(self.file, "{text}")?;
        self.file.sync_all()
    }

    /// There is nothing to keep.
    pub(crate) fn remove(self) {
        drop(self.file);
        // An empty file that cannot be removed does no harm.
        let _ = std::fs::remove_file(self.path);
    }
}
