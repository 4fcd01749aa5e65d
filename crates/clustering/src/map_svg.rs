//! A picture of clusters.

use tables::Table;

use crate::Error;

/// Draws a clustered table as an SVG map.
///
/// # Errors
/// [`Error::NoColumn`] without a `cluster_id`; an unreadable geometry.
pub fn map_svg(table: &Table) -> Result<String, Error> {
    let _ = table;
    Ok(String::new())
}
