//! Settings of a plan of chips.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tables::Crs;

use crate::{Error, Result};

/// An overlapping grid of square image chips over labelled features.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChipPlan {
    /// The features: a path or an object key of GeoParquet, GeoJSON, FlatGeobuf or Shapefile.
    pub file: String,
    /// Only the features with this value in this column; all when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub select: Option<Select>,
    /// Only the features of one of several spatial folds, or of each of them; all when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folds: Option<Folds>,
    /// How far beyond the features the grid reaches, in metres.
    #[serde(default = "default_margin_m")]
    pub margin_m: f64,
    /// Side of a pixel in metres of the projected CRS.
    #[serde(default = "default_pixel_m")]
    pub pixel_m: f64,
    /// Side of a chip in pixels.
    #[serde(default = "default_chip_px")]
    pub chip_px: u32,
    /// Share of a chip's side that it has in common with its neighbour: from 0 to below 1.
    #[serde(default)]
    pub overlap: f64,
    /// Projected CRS of the grid, such as `EPSG:3857`; by default that of the source where `pixel_m` is
    /// the side of its pixels, else the UTM zone of the region's centre.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crs: Option<String>,
    /// A corner of any pixel of the source, in the CRS of the grid: chips then share its pixel edges.
    /// Asked of the source where `pixel_m` is within 0.5 % of the side of its pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_grid: Option<SourceGrid>,
    /// Which chips of the grid are kept.
    #[serde(default)]
    pub keep: Keep,
    /// Least share of a chip's area that features cover, from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_label_share: Option<f64>,
    /// What the names of the chips begin with.
    #[serde(default = "default_prefix")]
    pub prefix: String,
}

fn default_margin_m() -> f64 {
    2000.0
}

fn default_pixel_m() -> f64 {
    4.77
}

fn default_chip_px() -> u32 {
    256
}

fn default_prefix() -> String {
    "chip_".into()
}

/// Features with one value in one column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Select {
    /// Column of the features.
    pub column: String,
    /// The value, as text: `train`, `3`, `true`.
    pub value: String,
}

/// Several folds, groups of features that lie together, and which of them are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Folds {
    /// Number of folds.
    pub chunks: usize,
    /// The fold to keep, from 0, or `"all"` for all of them in one run, told apart by the column `fold`.
    pub index: FoldIndex,
    /// What becomes of chips that meet features of several folds.
    #[serde(default)]
    pub border: Border,
}

/// Which folds are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum FoldIndex {
    /// One, from 0.
    One(usize),
    /// All of them.
    All(AllFolds),
}

/// The word for all folds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AllFolds {
    /// `"all"`.
    All,
}

/// What becomes of chips that meet features of several folds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Border {
    /// They are dropped: no feature is seen by two folds.
    #[default]
    Drop,
    /// They are kept in each of these folds, which then see each other's features.
    Keep,
}

impl Folds {
    /// One fold of several, without the chips that another one sees.
    #[must_use]
    pub fn one(chunks: usize, index: usize) -> Self {
        Self {
            chunks,
            index: FoldIndex::One(index),
            border: Border::default(),
        }
    }

    /// The folds that are kept.
    #[must_use]
    pub fn kept(&self) -> std::ops::Range<usize> {
        match self.index {
            FoldIndex::One(index) => index..index + 1,
            FoldIndex::All(AllFolds::All) => 0..self.chunks,
        }
    }
}

/// A corner of a pixel of the source.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceGrid {
    /// Easting in metres.
    pub x: f64,
    /// Northing in metres.
    pub y: f64,
}

/// Which chips of the grid are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// Those whose square meets a feature.
    #[default]
    Window,
    /// Those with a feature within a third of the chip's side of their centre.
    Disc,
    /// All of them.
    All,
}

impl ChipPlan {
    /// A plan for `file` with the default for everything else.
    #[must_use]
    pub fn of(file: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            select: None,
            folds: None,
            margin_m: default_margin_m(),
            pixel_m: default_pixel_m(),
            chip_px: default_chip_px(),
            overlap: 0.0,
            crs: None,
            source_grid: None,
            keep: Keep::default(),
            min_label_share: None,
            prefix: default_prefix(),
        }
    }

    /// Side of a chip in metres.
    #[must_use]
    pub fn chip_m(&self) -> f64 {
        self.pixel_m * f64::from(self.chip_px)
    }

    /// Distance between the centres of neighbouring chips in metres.
    #[must_use]
    pub fn spacing_m(&self) -> f64 {
        self.chip_m() * (1.0 - self.overlap)
    }

    /// The plan on the pixels of its source: `pixel_m` wide ones in a CRS in metres with a corner at
    /// `grid`. The plan as it was where it names another CRS or a corner of its own.
    #[must_use]
    pub fn on_pixels_of(&self, crs: &Crs, pixel_m: f64, grid: SourceGrid) -> Self {
        let named = self.crs.as_deref().map(str::parse::<Crs>);
        let other_crs = named.is_some_and(|named| named.as_ref().ok() != Some(crs));
        match crs.epsg() {
            Some(code)
                if self.source_grid.is_none()
                    && !other_crs
                    && crs.metres_per_unit() == Some(1.0) =>
            {
                Self {
                    crs: Some(format!("EPSG:{code}")),
                    pixel_m,
                    source_grid: Some(grid),
                    ..self.clone()
                }
            }
            _ => self.clone(),
        }
    }

    /// Checks everything that can be known without the data.
    ///
    /// # Errors
    /// [`Error::Setting`] names the field.
    pub fn check(&self) -> Result<()> {
        let above_zero = |field, value: f64| {
            if value > 0.0 && value.is_finite() {
                Ok(())
            } else {
                Err(Error::setting(
                    field,
                    format!("is {value}; a number above 0"),
                ))
            }
        };
        if self.file.is_empty() {
            return Err(Error::setting("file", "names no input"));
        }
        above_zero("pixel_m", self.pixel_m)?;
        above_zero("chip_px", f64::from(self.chip_px))?;
        if !(0.0..1.0).contains(&self.overlap) {
            return Err(Error::setting(
                "overlap",
                format!("is {}; from 0 to below 1", self.overlap),
            ));
        }
        above_zero("overlap", self.spacing_m())?;
        if !(self.margin_m >= 0.0 && self.margin_m.is_finite()) {
            return Err(Error::setting(
                "margin_m",
                format!("is {}; a number from 0", self.margin_m),
            ));
        }
        if let Some(share) = self
            .min_label_share
            .filter(|share| !(0.0..=1.0).contains(share))
        {
            return Err(Error::setting(
                "min_label_share",
                format!("is {share}; from 0 to 1"),
            ));
        }
        if let Some(grid) = self
            .source_grid
            .filter(|g| !(g.x.is_finite() && g.y.is_finite()))
        {
            return Err(Error::setting(
                "source_grid",
                format!("is {}, {}; finite numbers", grid.x, grid.y),
            ));
        }
        match self.folds {
            Some(Folds { chunks: 0, .. }) => {
                Err(Error::setting("folds", "chunks is 0; at least 1"))
            }
            Some(Folds {
                chunks,
                index: FoldIndex::One(index),
                ..
            }) if index >= chunks => Err(Error::setting(
                "folds",
                format!("index is {index}; from 0 to {}, or \"all\"", chunks - 1),
            )),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spacings_of_the_cashew_study() {
        let spacing = |overlap| {
            ChipPlan {
                overlap,
                ..ChipPlan::of("fields")
            }
            .spacing_m()
        };
        for (overlap, expected) in [(0.8, 244.224), (0.5, 610.56), (0.0, 1221.12)] {
            assert!((spacing(overlap) - expected).abs() < 1e-9, "{overlap}");
        }
    }

    #[test]
    fn a_plan_takes_the_pixels_of_its_source_where_it_names_no_others() {
        let grid = SourceGrid { x: 3.0, y: 5.0 };
        let on =
            |plan: &ChipPlan, epsg| plan.on_pixels_of(&Crs::from_epsg(epsg).unwrap(), 4.7773, grid);
        let plan = ChipPlan::of("fields");
        let settled = on(&plan, 3857);
        assert_eq!(settled.crs.as_deref(), Some("EPSG:3857"));
        assert_eq!((settled.pixel_m, settled.source_grid), (4.7773, Some(grid)));
        assert_eq!(on(&plan, 4326), plan);
        let other = ChipPlan {
            crs: Some("EPSG:32631".into()),
            ..plan.clone()
        };
        assert_eq!(on(&other, 3857), other);
        assert_eq!(on(&other, 32631).pixel_m, 4.7773);
        let given = ChipPlan {
            source_grid: Some(SourceGrid { x: 0.0, y: 0.0 }),
            ..plan
        };
        assert_eq!(on(&given, 3857), given);
    }

    #[test]
    fn settings_out_of_range_are_named() {
        let plan = ChipPlan::of("fields");
        let field = |plan: ChipPlan| match plan.check() {
            Err(Error::Setting { field, .. }) => field,
            other => panic!("{other:?}"),
        };
        assert!(plan.check().is_ok());
        assert_eq!(
            field(ChipPlan {
                overlap: 1.0,
                ..plan.clone()
            }),
            "overlap"
        );
        assert_eq!(
            field(ChipPlan {
                overlap: f64::NAN,
                ..plan.clone()
            }),
            "overlap"
        );
        assert_eq!(
            field(ChipPlan {
                pixel_m: 0.0,
                ..plan.clone()
            }),
            "pixel_m"
        );
        assert_eq!(
            field(ChipPlan {
                chip_px: 0,
                ..plan.clone()
            }),
            "chip_px"
        );
        assert_eq!(
            field(ChipPlan {
                margin_m: -1.0,
                ..plan.clone()
            }),
            "margin_m"
        );
        assert_eq!(
            field(ChipPlan {
                min_label_share: Some(1.5),
                ..plan.clone()
            }),
            "min_label_share"
        );
        let folds = Some(Folds::one(4, 4));
        assert_eq!(field(ChipPlan { folds, ..plan }), "folds");
    }
}
