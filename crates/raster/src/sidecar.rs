//! The sidecar that tells GDAL where a PNG, JPEG or WebP lies.

use crate::Error;
use crate::grid::Grid;

/// The text of `{picture}.aux.xml`: reference system and transform in GDAL's persistent auxiliary
/// metadata format, which QGIS and rasterio read too.
///
/// # Errors
/// [`Error::Table`] for a reference system without an EPSG code.
pub fn sidecar(grid: &Grid) -> Result<String, Error> {
    let epsg = grid
        .crs
        .epsg()
        .ok_or_else(|| Error::Table(format!("{} has no EPSG code for the sidecar", grid.crs)))?;
    let transform = grid
        .geo_transform()
        .map(|number| format!("{number:?}"))
        .join(", ");
    Ok(format!(
        "<PAMDataset>\n  <SRS>EPSG:{epsg}</SRS>\n  <GeoTransform>{transform}</GeoTransform>\n</PAMDataset>\n"
    ))
}
