//! A zip archive with one table in it.

use std::io::{Cursor, Read};

use bytes::Bytes;
use zip::ZipArchive;

use crate::shapefile::{self, Parts};
use crate::{Error, ReadOptions, Result, Table};

pub(crate) const FORMAT: &str = "zip";
/// What every archive that is not empty begins with.
pub(crate) const MAGIC: &[u8] = b"PK\x03\x04";
/// Extensions of what can be read from an archive.
const EXTENSIONS: &[&str] = &[
    "shp",
    "parquet",
    "geoparquet",
    "geojson",
    "json",
    "geojsonl",
    "geojsonseq",
    "ndjson",
    "fgb",
    "gpkg",
    "kml",
    "csv",
    "tsv",
    "txt",
];

pub(crate) fn read(name: &str, bytes: &[u8], options: &ReadOptions) -> Result<Table> {
    let malformed = |problem: String| Error::malformed(name, FORMAT, problem);
    let mut archive =
        ZipArchive::new(Cursor::new(bytes)).map_err(|error| malformed(error.to_string()))?;
    let members: Vec<String> = archive
        .file_names()
        .flatten()
        .map(|name| name.into_owned())
        .collect();
    let is_table = |member: &&String| {
        let file = member.rsplit('/').next().unwrap_or_default();
        // macOS adds shadows of every file, whose names begin with a dot
        !file.starts_with('.')
            && extension(file).is_some_and(|extension| EXTENSIONS.contains(&extension.as_str()))
    };
    let tables: Vec<&String> = members.iter().filter(is_table).collect();
    let [table] = tables.as_slice() else {
        let found = if tables.is_empty() {
            "none".to_owned()
        } else {
            format!("{tables:?}")
        };
        return Err(malformed(format!(
            "expected one table in it, found {found}"
        )));
    };
    let path = format!("{name}/{table}");
    if extension(table).as_deref() != Some("shp") {
        let member = unpack(name, &mut archive, table, options)?;
        return Table::from_bytes(&path, Bytes::from(member), options);
    }
    let stem = &table[..table.len() - ".shp".len()];
    let mut sibling = |wanted: &str| {
        let is_it = |member: &&String| {
            member
                .strip_prefix(stem)
                .is_some_and(|rest| rest.eq_ignore_ascii_case(&format!(".{wanted}")))
        };
        members
            .iter()
            .find(is_it)
            .map(|member| unpack(name, &mut archive, member, options))
            .transpose()
    };
    let (attributes, projection) = (sibling("dbf")?, sibling("prj")?);
    let parts = Parts {
        shapes: unpack(name, &mut archive, table, options)?,
        attributes,
        projection,
    };
    shapefile::read(&path, &parts, options)
}

/// A file name's extension, in lower case.
pub(crate) fn extension(file: &str) -> Option<String> {
    file.rsplit_once('.')
        .map(|(_, extension)| extension.to_ascii_lowercase())
}

fn unpack(
    name: &str,
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    member: &str,
    options: &ReadOptions,
) -> Result<Vec<u8>> {
    let malformed =
        |problem: String| Error::malformed(name, FORMAT, format!("`{member}`: {problem}"));
    let file = archive
        .by_name(member)
        .map_err(|error| malformed(error.to_string()))?;
    let most = options.limits.bytes(file.compressed_size());
    let mut bytes = Vec::new();
    // one byte more than allowed shows that there is more
    file.take(most + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| malformed(error.to_string()))?;
    if bytes.len() as u64 > most {
        return Err(Error::too_large(
            name,
            format!("what `{member}` unpacks to"),
            most,
        ));
    }
    Ok(bytes)
}
