//! Local files: written whole or not at all.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use contracts::Fault;
use tables::Table;
use tempfile::NamedTempFile;

/// Temporary files that are being written.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn unfinished() -> MutexGuard<'static, Vec<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes what is half-written, before the process ends on a signal.
pub fn remove_unfinished() {
    for path in unfinished().drain(..) {
        let _ = std::fs::remove_file(path);
    }
}

/// Writes `path` through a temporary file beside it, so that a failure leaves what was there.
pub fn write(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<&File>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let failed = |source| {
        Fault::from(tables::Error::Io {
            name: path.display().to_string(),
            source,
        })
    };
    if std::fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        return Err(failed(std::io::Error::other(
            "is a folder or a device; expected the name of a file",
        )));
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let file = new_file(folder).map_err(|error| {
        // Not the name of the temporary file, which says nothing to anybody.
        failed(std::io::Error::new(
            error.kind(),
            format!("cannot be written: {}", error.kind()),
        ))
    })?;
    unfinished().push(file.path().to_owned());
    let temporary = file.path().to_owned();
    let written = fill_and_name(file, path, fill, failed);
    unfinished().retain(|path| *path != temporary);
    written
}

fn fill_and_name(
    file: NamedTempFile,
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<&File>) -> Result<(), Fault>,
    failed: impl Fn(std::io::Error) -> Fault,
) -> Result<(), Fault> {
    let mut out = BufWriter::with_capacity(1 << 20, file.as_file());
    fill(&mut out)?;
    out.flush().map_err(&failed)?;
    drop(out);
    // Before it gets its name: a power cut must not leave the name on an empty file.
    file.as_file().sync_all().map_err(&failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// A temporary file is private to its owner; a result is as open as the system's mask lets new files be.
fn new_file(folder: &Path) -> std::io::Result<NamedTempFile> {
    remove_left_behind(folder);
    let prefix = format!("{TEMPORARY}{}-", std::process::id());
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

/// What the names of temporary files begin with, before the number of the process.
const TEMPORARY: &str = ".transect-";

/// Removes what processes that were killed have left in a folder.
fn remove_left_behind(folder: &Path) {
    let processes = Path::new("/proc");
    if !processes.is_dir() {
        return;
    }
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let rest = name.to_str().and_then(|name| name.strip_prefix(TEMPORARY));
        let process = rest.and_then(|rest| rest.split_once('-')?.0.parse::<u32>().ok());
        if process.is_some_and(|process| !processes.join(process.to_string()).exists()) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Writes text or bytes.
pub fn write_bytes(path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    write(path, |out| {
        out.write_all(bytes).map_err(|source| {
            Fault::from(tables::Error::Io {
                name: path.display().to_string(),
                source,
            })
        })
    })
}

/// Writes a table in the format that the name says; what that format cannot hold as it is, is told.
pub fn write_table(path: &Path, table: &Table) -> Result<(), Fault> {
    for note in tables::write(path, table)? {
        eprintln!("note: {}: {note}", path.display());
    }
    Ok(())
}

/// That a table can be written to a name, before work is done for it.
pub fn check_output(path: &Path) -> Result<(), Fault> {
    tables::OutputFormat::of(&path.to_string_lossy())?;
    Ok(())
}

/// A cell of a CSV file, in quotes where it must be.
pub fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

/// The path of something that belongs beside `path`: its folder, `mark` and its name.
pub fn beside(path: &Path, mark: &str, extension: Option<&str>) -> std::path::PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.strip_prefix("clustered_").unwrap_or(&name);
    let mut beside = path.with_file_name(format!("{mark}{name}"));
    if let Some(extension) = extension {
        beside.set_extension(extension);
    }
    beside
}

#[cfg(test)]
mod tests {
    use super::*;
    use contracts::FaultName;

    #[test]
    fn a_failure_leaves_what_was_there_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        write_bytes(&path, b"before").unwrap();
        let failed = write(&path, |out| {
            out.write_all(b"half").unwrap();
            Err(Fault::new(FaultName::Internal, "stopped"))
        });
        assert!(failed.is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"before");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_or_a_device_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        assert!(write_bytes(folder.path(), b"x").is_err());
        assert!(folder.path().is_dir());
    }

    #[test]
    fn what_lies_beside_keeps_the_name() {
        let beside = |path: &str, extension| beside(Path::new(path), "clusters_", extension);
        assert_eq!(
            beside("a/clustered_x.parquet", None),
            Path::new("a/clusters_x.parquet")
        );
        assert_eq!(
            beside("y.parquet", Some("json")),
            Path::new("clusters_y.json")
        );
    }
}
