//! One run at a time in a folder.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use contracts::{Fault, FaultName};

/// Name of the file that says who is at work in a folder.
const NAME: &str = ".transect-run";

/// Holds a folder for this process; the system lets go of it however the process ends.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Takes the folder.
    ///
    /// # Errors
    /// Who holds it, where another process does.
    pub fn take(folder: &Path) -> Result<Self, Fault> {
        let path = folder.join(NAME);
        let failed = |error: std::io::Error| {
            Fault::new(
                FaultName::of_io(error.kind()),
                format!("{}: {error}", path.display()),
            )
        };
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = file.read_to_string(&mut holder);
                return Err(Fault::new(
                    FaultName::InvalidInput,
                    format!(
                        "{} is in use by another run ({}): wait for it, stop it, or choose another folder with --out",
                        folder.display(),
                        holder.trim()
                    ),
                ));
            }
            // A file system without locks: the work is safe, only done twice at worst.
            Err(TryLockError::Error(_)) => return Ok(Self { _file: file }),
        }
        let study: Vec<String> = std::env::args().skip(1).collect();
        let text = format!(
            "process {}: transect {}\n",
            std::process::id(),
            study.join(" ")
        );
        file.set_len(0).map_err(failed)?;
        file.rewind().map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)?;
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_run_is_told_who_holds_the_folder_and_the_next_may_have_it() {
        let folder = tempfile::tempdir().unwrap();
        let first = FolderLock::take(folder.path()).unwrap();
        let refused = FolderLock::take(folder.path()).unwrap_err().message;
        assert!(
            refused.contains(&format!("process {}", std::process::id())),
            "{refused}"
        );
        drop(first);
        assert!(FolderLock::take(folder.path()).is_ok());
    }
}
