//! Roads of an OpenStreetMap extract: PBF with blobs packed by anything usual, or XML, also packed
//! by gzip or bzip2.
//!
//! Ways name their nodes, and nodes come first in the file. So the file is read twice: once for
//! the ways that are roads, once for the places of their nodes. Only those are held. An extract whose
//! ways have the places themselves (`osmium add-locations-to-ways`) is read once.

mod pbf;
mod unpack;
mod xml;

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use geo::Coord;

use self::unpack::Format;
use super::road::{Road, Roads};
use super::tags::{Attributes, Filter, Tags, area_if_closed};
use crate::samples::Rejected;
use crate::{Error, Result};

/// What is wrong with an extract.
type Problem = String;

/// Where the bytes of an extract are.
#[derive(Clone, Copy)]
pub(crate) enum Extract<'a> {
    File(&'a Path),
    Bytes(&'a [u8]),
}

/// Names of extracts end so.
const ENDINGS: [&str; 10] = [
    ".pbf", ".osm", ".osm.gz", ".osm.bz2", ".osm.xml", ".osh", ".osh.gz", ".osh.bz2", ".osc",
    ".osc.gz",
];

/// Whether a file is an OpenStreetMap extract by its name: `.pbf`, `.osm`, `.osm.gz`, `.osm.bz2`.
#[must_use]
pub fn is_osm_name(path: &Path) -> bool {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().to_ascii_lowercase());
    name.is_some_and(|name| ENDINGS.iter().any(|ending| name.ends_with(ending)))
}

/// A way that is a road.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct FoundWay {
    id: i64,
    version: Option<i32>,
    nodes: Vec<i64>,
    /// The places of its nodes, where the extract has them on its ways.
    places: Vec<[i32; 2]>,
    tags: Vec<(String, String)>,
}

enum Found {
    Road(FoundWay),
    LeftOut(i64, String),
}

/// How many nodes the roads of an extract may name together: as many as its bytes can mean.
struct Budget {
    left: AtomicU64,
    bytes: u64,
}

impl Budget {
    const NODES_A_BYTE: u64 = 20;
    const ALWAYS: u64 = 1_000_000;

    fn of(bytes: u64) -> Self {
        let left = bytes
            .saturating_mul(Self::NODES_A_BYTE)
            .saturating_add(Self::ALWAYS);
        Self {
            left: AtomicU64::new(left),
            bytes,
        }
    }

    fn take(&self, nodes: usize) -> std::result::Result<(), Problem> {
        let take = |left: u64| left.checked_sub(nodes as u64);
        self.left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
            .map(|_| ())
            .map_err(|_| {
                format!(
                    "its roads name more nodes than {} million and {} for each of its {} bytes: refused",
                    Self::ALWAYS / 1_000_000,
                    Self::NODES_A_BYTE,
                    self.bytes
                )
            })
    }
}

fn history() -> Problem {
    "it is a history file, with every version of every street; take the state of one day first, \
     for instance by osmium time-filter"
        .into()
}

/// Why a way with a `highway` is left out.
fn judged(filter: &Filter, tags: &impl Tags, closed: impl Fn() -> bool) -> Option<String> {
    filter
        .refusal(tags, true)
        .or_else(|| area_if_closed(tags).filter(|_| closed()))
}

/// The ways of an extract that are roads to walk.
pub(crate) fn roads(extract: Extract<'_>, filter: &Filter) -> Result<Roads> {
    let failed = |problem| Error::Osm {
        path: match extract {
            Extract::File(path) => Some(path.to_owned()),
            Extract::Bytes(_) => None,
        },
        problem,
    };
    let mut found = Roads::default();
    let ways = ways(extract, filter, &mut found).map_err(failed)?;
    let places = Places::of(extract, &ways).map_err(failed)?;
    let (mut split, mut short) = (Vec::new(), 0_usize);
    for (row, way) in ways.into_iter().enumerate() {
        let line = places.of_way(&way);
        let parts = runs(&line);
        if parts.is_empty() {
            found.rejected.push(Rejected {
                row,
                id: Some(format!("way/{}", way.id)),
                reason: if line.iter().all(Option::is_none) {
                    "none of its nodes is in the extract".into()
                } else {
                    "no two neighbouring nodes of it are in the extract".into()
                },
            });
            continue;
        }
        if parts.len() > 1 {
            split.push(way.id);
        } else if parts.iter().map(Vec::len).sum::<usize>() < line.len() {
            short += 1;
        }
        let tags: HashMap<&str, &str> = way
            .tags
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect();
        found.roads.push(Road {
            way_id: way.id,
            attributes: Attributes::of(&tags, &mut found.names),
            parts,
        });
    }
    if let Some(first) = split.first() {
        found.notes.push(format!(
            "{} split where nodes are missing in the extract (way/{first}{})",
            counted(split.len(), "way is", "ways are"),
            if split.len() > 1 { " first" } else { "" }
        ));
    }
    if short > 0 {
        found.notes.push(format!(
            "{} walked as far as the nodes of the extract go",
            counted(short, "way is", "ways are")
        ));
    }
    Ok(found)
}

pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// The ways that are roads, each once and by id; those left out are noted in `found`.
fn ways(
    extract: Extract<'_>,
    filter: &Filter,
    found: &mut Roads,
) -> std::result::Result<Vec<FoundWay>, Problem> {
    let budget = Budget::of(unpack::size(extract)?);
    let (format, reader) = unpack::open(extract)?;
    let all = match format {
        Format::Pbf => pbf::ways(reader, filter, &budget)?,
        Format::Xml => xml::ways(reader, filter, &budget)?,
    };
    let (mut ways, mut left_out) = (Vec::new(), Vec::new());
    for way in all {
        match way {
            Found::Road(way) => ways.push(way),
            Found::LeftOut(id, reason) => left_out.push((id, reason)),
        }
    }
    left_out.sort_unstable();
    left_out.dedup();
    found.leave_out(
        left_out
            .into_iter()
            .map(|(id, reason)| (format!("way/{id}"), reason)),
    );
    // the newest version of a way last
    ways.sort_unstable();
    let (mut twice, mut other_versions) = (0_usize, 0_usize);
    ways.dedup_by(|next, kept| {
        if next.id != kept.id {
            return false;
        }
        if next.version == kept.version {
            twice += 1;
        } else {
            other_versions += 1;
        }
        std::mem::swap(next, kept);
        true
    });
    if twice > 0 {
        found.notes.push(format!(
            "{} in the extract twice, as in overlapping extracts: taken once",
            counted(twice, "way is", "ways are")
        ));
    }
    if other_versions > 0 {
        found.notes.push(format!(
            "{} there in several versions: the newest is taken",
            counted(other_versions, "way is", "ways are")
        ));
    }
    Ok(ways)
}

/// The stretches of a way whose nodes are all there.
fn runs(line: &[Option<Coord>]) -> Vec<Vec<Coord>> {
    line.split(Option::is_none)
        .filter(|run| run.len() > 1)
        .map(|run| run.iter().flatten().copied().collect())
        .collect()
}

/// The places of nodes, found by id.
struct Places {
    ids: Vec<i64>,
    /// Longitude and latitude in units of 1e-7 degrees, the grid of OpenStreetMap.
    places: Vec<[i32; 2]>,
}

/// What stands for the place of a node that the extract lacks.
const NOWHERE: [i32; 2] = [i32::MAX; 2];

impl Places {
    fn of(extract: Extract<'_>, ways: &[FoundWay]) -> std::result::Result<Self, Problem> {
        let without = ways.iter().filter(|way| !way.has_places());
        let mut ids: Vec<i64> = without.flat_map(|way| way.nodes.iter().copied()).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut places = vec![NOWHERE; ids.len()];
        if !ids.is_empty() {
            let wanted = |id: i64| ids.binary_search(&id).ok();
            let (format, reader) = unpack::open(extract)?;
            let found = match format {
                Format::Pbf => pbf::places(reader, wanted)?,
                Format::Xml => xml::places(reader, wanted)?,
            };
            for (index, place) in found {
                places[index] = place;
            }
        }
        Ok(Self { ids, places })
    }

    fn of_way(&self, way: &FoundWay) -> Vec<Option<Coord>> {
        if way.has_places() {
            return way.places.iter().copied().map(on_earth).collect();
        }
        way.nodes.iter().map(|&node| self.of_node(node)).collect()
    }

    fn of_node(&self, id: i64) -> Option<Coord> {
        let index = self.ids.binary_search(&id).ok()?;
        on_earth(self.places.get(index).copied()?)
    }
}

impl FoundWay {
    fn has_places(&self) -> bool {
        self.places.len() > 1 && self.places.len() == self.nodes.len()
    }
}

/// Also keeps out [`NOWHERE`].
fn on_earth(place: [i32; 2]) -> Option<Coord> {
    let [x, y] = place.map(|v| f64::from(v) / 1e7);
    (x.abs() <= 180.0 && y.abs() <= 90.0).then_some(Coord { x, y })
}
