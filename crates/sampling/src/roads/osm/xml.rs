//! Extracts in the XML format: `.osm`, also from Overpass, JOSM and the API.

use std::collections::HashMap;
use std::io::BufRead;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::{Budget, Found, FoundWay, Problem, judged};
use crate::roads::tags::{Filter, Tags};

/// The ways of an extract that are roads, and those that are left out.
pub(super) fn ways(
    reader: impl BufRead,
    filter: &Filter,
    budget: &Budget,
) -> Result<Vec<Found>, Problem> {
    let mut found = Vec::new();
    let mut way: Option<FoundWay> = None;
    elements(reader, |element| {
        match (element, &mut way) {
            (Element::Begins("way", attributes), _) => {
                way = Some(FoundWay {
                    id: number(attributes, "way", "id")?,
                    version: attributes.get("version").and_then(|text| text.parse().ok()),
                    nodes: Vec::new(),
                    places: Vec::new(),
                    tags: Vec::new(),
                });
            }
            (Element::Begins("nd", attributes), Some(way)) => {
                budget.take(1)?;
                way.nodes.push(number(attributes, "nd", "ref")?);
                way.places.extend(place(attributes));
            }
            (Element::Begins("tag", attributes), Some(way)) => {
                let text = |name: &str| attributes.get(name).cloned().unwrap_or_default();
                way.tags.push((text("k"), text("v")));
            }
            (Element::Ends("way"), way) => {
                let Some(whole) = way.take() else {
                    return Ok(());
                };
                let tags = TagList(&whole.tags);
                if tags.tag("highway").is_some() {
                    let closed = || whole.nodes.first() == whole.nodes.last();
                    found.push(match judged(filter, &tags, closed) {
                        Some(reason) => Found::LeftOut(whole.id, reason),
                        None => Found::Road(whole),
                    });
                }
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(found)
}

/// The places of the nodes that `wanted` has a number for.
pub(super) fn places(
    reader: impl BufRead,
    wanted: impl Fn(i64) -> Option<usize>,
) -> Result<Vec<(usize, [i32; 2])>, Problem> {
    let mut found = Vec::new();
    elements(reader, |element| {
        if let Element::Begins("node", attributes) = element
            && let Some(index) = wanted(number(attributes, "node", "id")?)
            && let Some(place) = place(attributes)
        {
            found.push((index, place));
        }
        Ok(())
    })?;
    Ok(found)
}

struct TagList<'a>(&'a [(String, String)]);

impl Tags for TagList<'_> {
    fn tag(&self, key: &str) -> Option<&str> {
        let mut tags = self.0.iter();
        tags.find(|(k, _)| k == key)
            .map(|(_, value)| value.as_str())
    }
}

type Attributes = HashMap<String, String>;

enum Element<'a> {
    Begins(&'a str, &'a Attributes),
    Ends(&'a str),
}

/// Calls `work` where an element begins and where it ends.
fn elements(
    reader: impl BufRead,
    mut work: impl FnMut(Element<'_>) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let mut reader = Reader::from_reader(reader);
    let mut buffer = Vec::new();
    let mut depth = 0_u32;
    let mut whole = false;
    loop {
        buffer.clear();
        let event = reader
            .read_event_into(&mut buffer)
            .map_err(|error| format!("byte {}: {error}", reader.error_position()))?;
        let (start, closes) = match &event {
            Event::Start(start) => (start, false),
            Event::Empty(start) => (start, true),
            Event::End(end) => {
                depth = depth.saturating_sub(1);
                work(Element::Ends(end.name().as_ref()))?;
                whole |= depth == 0;
                continue;
            }
            Event::Eof if whole => return Ok(()),
            Event::Eof => return Err("it ends before </osm>".into()),
            _ => continue,
        };
        let name = start.name().as_ref().to_owned();
        if depth == 0 && name != "osm" {
            return Err(match name.as_str() {
                "osmChange" => {
                    "it holds changes (.osc); the state of a day is needed (.osm)".into()
                }
                other => format!("it begins with <{other}>, expected <osm>"),
            });
        }
        let attributes = attributes(start)?;
        if attributes
            .get("visible")
            .is_some_and(|visible| visible == "false")
        {
            return Err(super::history());
        }
        work(Element::Begins(&name, &attributes))?;
        if closes {
            work(Element::Ends(&name))?;
            whole |= depth == 0;
        } else {
            depth += 1;
        }
    }
}

fn attributes(start: &BytesStart<'_>) -> Result<Attributes, Problem> {
    let mut found = HashMap::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|error| error.to_string())?;
        let name = attribute.key.as_ref().to_owned();
        found.insert(name, value.into_owned());
    }
    Ok(found)
}

fn number(attributes: &Attributes, element: &str, name: &str) -> Result<i64, Problem> {
    let text = attributes.get(name).map_or("", String::as_str);
    text.parse()
        .map_err(|_| format!("{name}={text:?} of a {element} is no number"))
}

/// Longitude and latitude in units of 1e-7 degrees, where an element has them.
fn place(attributes: &Attributes) -> Option<[i32; 2]> {
    let degrees = |name: &str, most: f64| {
        let degrees: f64 = attributes.get(name)?.parse().ok()?;
        // within 180 degrees it fits
        (degrees.abs() <= most).then(|| (degrees * 1e7).round() as i32)
    };
    Some([degrees("lon", 180.0)?, degrees("lat", 90.0)?])
}
