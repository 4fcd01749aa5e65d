//! The truth about a picture as tables.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, UInt32Array};
use geo::{Centroid, Geometry, Rect, coord};
use tables::{Crs, Table};

use super::Painting;
use crate::Error;
use crate::lattice::numbered;

impl Painting {
    /// One row a house: `house_id` and the footprint, in the picture's CRS.
    ///
    /// # Errors
    /// [`Error::Table`] if the table cannot be made.
    pub fn houses_table(&self) -> Result<Table, Error> {
        let footprints = self
            .houses
            .iter()
            .cloned()
            .map(|house| Some(Geometry::Polygon(house)))
            .collect::<Vec<_>>();
        self.table("HOUSE_", &footprints, Vec::new())
    }

    /// One row a road: `road_id` and its middle line, in the picture's CRS.
    ///
    /// # Errors
    /// [`Error::Table`] if the table cannot be made.
    pub fn roads_table(&self) -> Result<Table, Error> {
        let lines = self
            .roads
            .iter()
            .cloned()
            .map(|road| Some(Geometry::LineString(road)))
            .collect::<Vec<_>>();
        self.table("ROAD_", &lines, Vec::new())
    }

    /// The picture cut into squares, `per_side` from west to east and as many from south to north: `area_id`, the number of
    /// `houses` whose centroid lies in it, the `tree_share` of its pixels and the square, in the picture's CRS.
    ///
    /// # Errors
    /// [`Error::Table`] if the table cannot be made.
    pub fn areas_table(&self, per_side: u32) -> Result<Table, Error> {
        let extent = self.extent();
        let side = extent.width() / f64::from(per_side.max(1));
        let corner = |column: u32, row: u32| {
            extent.min() + coord! { x: f64::from(column) * side, y: f64::from(row) * side }
        };
        let areas: Vec<Rect> = (0..per_side)
            .flat_map(|row| {
                (0..per_side)
                    .map(move |column| Rect::new(corner(column, row), corner(column + 1, row + 1)))
            })
            .collect();
        let mut houses = vec![0_u32; areas.len()];
        for centroid in self.houses.iter().filter_map(Centroid::centroid) {
            let index =
                |metres: f64| (metres / side).clamp(0.0, f64::from(per_side.max(1) - 1)) as usize;
            let (column, row) = (
                index(centroid.x() - extent.min().x),
                index(centroid.y() - extent.min().y),
            );
            if let Some(houses) = houses.get_mut(row * per_side as usize + column) {
                *houses += 1;
            }
        }
        let shares: Float64Array = areas.iter().map(|&area| self.tree_share(area)).collect();
        let squares: Vec<_> = areas
            .iter()
            .map(|area| Some(Geometry::Polygon(area.to_polygon())))
            .collect();
        let houses: ArrayRef = Arc::new(UInt32Array::from(houses));
        self.table(
            "AREA_",
            &squares,
            vec![
                ("houses".to_owned(), houses),
                ("tree_share".to_owned(), Arc::new(shares)),
            ],
        )
    }

    fn table(
        &self,
        prefix: &str,
        shapes: &[Option<Geometry>],
        more: Vec<(String, ArrayRef)>,
    ) -> Result<Table, Error> {
        let ids: ArrayRef = Arc::new(numbered(prefix, shapes.len()));
        let mut columns = vec![(format!("{}id", prefix.to_lowercase()), ids)];
        columns.extend(more);
        Ok(Table::new(columns)?.with_geometries("geometry", shapes, Crs::from_epsg(self.epsg)?)?)
    }
}
