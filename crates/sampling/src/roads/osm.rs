//! Roads of an OpenStreetMap extract in the PBF format.
//!
//! Ways name their nodes, and nodes come first in the file. So the file is read twice: once for
//! the ways that are roads, once for the places of their nodes. Only those are held.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Cursor, Read};
use std::path::Path;

use geo::Coord;
use osmpbf::{BlobDecode, BlobReader, PrimitiveBlock, Way};
use rayon::iter::{ParallelBridge, ParallelIterator};

use super::road::{Road, Roads};
use super::tags::{Attributes, Names, Tags, is_area_if_closed, is_road};
use crate::samples::Rejected;
use crate::{Error, Result};

/// Where the bytes of an extract are.
#[derive(Clone, Copy)]
pub(crate) enum Extract<'a> {
    File(&'a Path),
    Bytes(&'a [u8]),
}

/// The ways of an extract that are roads to walk.
pub(crate) fn roads(extract: Extract<'_>, highways: &[String]) -> Result<Roads> {
    let ways = ways(extract, highways)?;
    let places = Places::of(extract, &ways)?;
    let mut found = Roads::default();
    let mut start = 0;
    for (row, way) in ways.ways.iter().enumerate() {
        let nodes = ways.nodes.get(start..way.nodes_end).unwrap_or_default();
        start = way.nodes_end;
        let line: Vec<Coord> = nodes
            .iter()
            .filter_map(|&node| places.of_node(node))
            .collect();
        if line.len() < 2 {
            found.rejected.push(Rejected {
                row,
                id: Some(format!("way/{}", way.id)),
                reason: format!(
                    "{} of its {} nodes are in the extract; two are needed",
                    line.len(),
                    nodes.len()
                ),
            });
            continue;
        }
        found.roads.push(Road {
            way_id: way.id,
            attributes: way.attributes,
            line,
        });
    }
    found.names = ways.names;
    Ok(found)
}

/// The ways that are roads, by id, with the nodes of all of them in one list.
#[derive(Default)]
struct Ways {
    ways: Vec<WayOfNodes>,
    nodes: Vec<i64>,
    names: Names,
}

struct WayOfNodes {
    id: i64,
    attributes: Attributes,
    /// End of its nodes in the list; they begin where those of the way before end.
    nodes_end: usize,
}

struct WayTags<'a>(&'a Way<'a>);

impl Tags for WayTags<'_> {
    fn tag(&self, key: &str) -> Option<&str> {
        self.0
            .tags()
            .find(|(k, _)| *k == key)
            .map(|(_, value)| value)
    }
}

fn is_area(way: &Way<'_>) -> bool {
    is_area_if_closed(&WayTags(way)) && way.refs().next() == way.refs().last()
}

fn ways(extract: Extract<'_>, highways: &[String]) -> Result<Ways> {
    // what a block gives: id, nodes, and tags as texts, which get their names below
    type Found = Vec<(i64, Vec<i64>, Vec<(String, String)>)>;
    let mut found: Found = extract.blocks(|block| {
        let ways = block.groups().flat_map(|group| group.ways());
        ways.filter(|way| is_road(&WayTags(way), highways) && !is_area(way))
            .map(|way| {
                let tags = way
                    .tags()
                    .map(|(key, value)| (key.to_owned(), value.to_owned()));
                (way.id(), way.refs().collect(), tags.collect())
            })
            .collect()
    })?;
    found.sort_unstable_by_key(|(id, _, _)| *id);
    let mut ways = Ways::default();
    for (id, nodes, tags) in found {
        if let Some(twice) = ways.ways.last().filter(|before| before.id == id) {
            return Err(Error::NothingToSample {
                what: "the OSM PBF data",
                wanted: format!(
                    "single version of each way: way/{} is there twice",
                    twice.id
                ),
            });
        }
        let tags = tags
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()));
        let attributes = Attributes::of(&tags.collect::<HashMap<_, _>>(), &mut ways.names);
        ways.nodes.extend(nodes);
        let nodes_end = ways.nodes.len();
        ways.ways.push(WayOfNodes {
            id,
            attributes,
            nodes_end,
        });
    }
    Ok(ways)
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
    fn of(extract: Extract<'_>, ways: &Ways) -> Result<Self> {
        let mut ids = ways.nodes.clone();
        ids.sort_unstable();
        ids.dedup();
        let wanted = |id: i64| ids.binary_search(&id).ok();
        let found: Vec<(usize, [i32; 2])> = extract.blocks(|block| {
            let mut found = Vec::new();
            for group in block.groups() {
                found.extend(group.dense_nodes().filter_map(|node| {
                    Some((
                        wanted(node.id())?,
                        [node.decimicro_lon(), node.decimicro_lat()],
                    ))
                }));
                found.extend(group.nodes().filter_map(|node| {
                    Some((
                        wanted(node.id())?,
                        [node.decimicro_lon(), node.decimicro_lat()],
                    ))
                }));
            }
            found
        })?;
        let mut places = vec![NOWHERE; ids.len()];
        for (index, place) in found {
            places[index] = place;
        }
        Ok(Self { ids, places })
    }

    fn of_node(&self, id: i64) -> Option<Coord> {
        let index = self.ids.binary_search(&id).ok()?;
        let [x, y] = self.places.get(index).copied()?.map(|v| f64::from(v) / 1e7);
        // also keeps out NOWHERE
        (x.abs() <= 180.0 && y.abs() <= 90.0).then_some(Coord { x, y })
    }
}

impl Extract<'_> {
    /// What `work` finds in the blocks of the extract, in no particular order.
    fn blocks<T: Send>(self, work: impl Fn(&PrimitiveBlock) -> Vec<T> + Sync) -> Result<Vec<T>> {
        match self {
            Self::File(path) => {
                let file = File::open(path).map_err(osmpbf::Error::from);
                let reader = file
                    .map(BufReader::new)
                    .map_err(|error| self.error(error))?;
                self.blocks_of(reader, work)
            }
            Self::Bytes(bytes) => self.blocks_of(Cursor::new(bytes), work),
        }
    }

    fn blocks_of<T: Send, R: Read + Send>(
        self,
        reader: R,
        work: impl Fn(&PrimitiveBlock) -> Vec<T> + Sync,
    ) -> Result<Vec<T>> {
        let mut blobs = BlobReader::new(reader);
        let header = blobs
            .next()
            .transpose()
            .map_err(|error| self.error(error))?;
        let decoded = header.as_ref().map(osmpbf::Blob::decode).transpose();
        match decoded.map_err(|error| self.error(error))? {
            Some(BlobDecode::OsmHeader(_)) => {}
            _ => {
                return Err(Error::NothingToSample {
                    what: "the OSM PBF data",
                    wanted: "OSMHeader at its beginning; is it an .osm.pbf file?".into(),
                });
            }
        }
        let found: std::result::Result<Vec<Vec<T>>, osmpbf::Error> = blobs
            .par_bridge()
            .map(|blob| match blob?.decode()? {
                BlobDecode::OsmData(block) => Ok(work(&block)),
                BlobDecode::OsmHeader(_) | BlobDecode::Unknown(_) => Ok(Vec::new()),
            })
            .collect();
        Ok(found
            .map_err(|error| self.error(error))?
            .into_iter()
            .flatten()
            .collect())
    }

    fn error(self, source: osmpbf::Error) -> Error {
        Error::Pbf {
            path: match self {
                Self::File(path) => Some(path.to_owned()),
                Self::Bytes(_) => None,
            },
            source,
        }
    }
}
