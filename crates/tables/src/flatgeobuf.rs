//! Reading FlatGeobuf.
//!
//! The `flatgeobuf` crate verifies and gives access to the flatbuffers; geometries and properties are decoded here, since
//! its own decoders index past the end on malformed files. Specification: <https://flatgeobuf.org/>.

use flatgeobuf::{
    ColumnType, Crs as FlatCrs, Geometry as FlatGeometry, GeometryType, Header,
    size_prefixed_root_as_feature, size_prefixed_root_as_header,
};
use geo::{
    Coord, Geometry, GeometryCollection, LineString, MultiLineString, MultiPoint, MultiPolygon,
    Point, Polygon,
};

use crate::cells::{Cell, CellTable, distinct_names};
use crate::{Crs, Error, ReadOptions, Result, Table};

pub(crate) const FORMAT: &str = "FlatGeobuf";
const MAGIC_BYTES: usize = 8;
/// Bytes of a node of the spatial index: four corners and an offset.
const NODE_BYTES: u64 = 40;
/// Collections within collections.
const DEEPEST: usize = 32;
/// Bytes of a coordinate.
const COORD_BYTES: u64 = 16;

type Decoded<T> = std::result::Result<T, String>;

pub(crate) fn read(name: &str, bytes: &[u8], options: &ReadOptions) -> Result<Table> {
    let malformed = |problem: String| Error::malformed(name, FORMAT, problem);
    let rest = bytes
        .get(MAGIC_BYTES..)
        .ok_or_else(|| malformed("it is cut short".to_owned()))?;
    let (header_bytes, rest) =
        sized(rest).ok_or_else(|| malformed("its header is cut short".to_owned()))?;
    let header =
        size_prefixed_root_as_header(header_bytes).map_err(|error| malformed(error.to_string()))?;
    let index = index_bytes(&header).and_then(|length| usize::try_from(length).ok());
    let features = index.and_then(|length| rest.get(length..));
    let mut features = features.ok_or_else(|| malformed("its index is cut short".to_owned()))?;

    let columns = columns(&header);
    let size = bytes.len() as u64;
    let mut cells = CellTable::new(options.limits.cells(size));
    // vectors of a feature may be used more than once, so that coordinates can be more than the file has bytes for
    let mut coordinates_left = options.limits.bytes(size) / COORD_BYTES;
    let mut geometries = Vec::new();
    while !features.is_empty() {
        let row = geometries.len();
        let cut = || malformed(format!("feature {row} is cut short"));
        let (feature_bytes, rest) = sized(features).ok_or_else(cut)?;
        features = rest;
        let feature = size_prefixed_root_as_feature(feature_bytes)
            .map_err(|error| malformed(error.to_string()))?;
        let geometry = feature.geometry().map(|geometry| {
            coordinates_left = count(geometry, DEEPEST)
                .and_then(|count| coordinates_left.checked_sub(count))
                .ok_or("its coordinates are more than the file has room for")?;
            self::geometry(geometry, header.geometry_type(), DEEPEST)
        });
        let geometry = geometry
            .transpose()
            .map_err(|problem| malformed(format!("feature {row}: {problem}")))?;
        geometries.push(geometry);
        let properties = feature
            .properties()
            .map(|properties| properties.bytes())
            .unwrap_or_default();
        let properties = properties_of(properties, &columns);
        properties
            .and_then(|properties| cells.push_row(properties))
            .map_err(|problem| malformed(format!("feature {row}: {problem}")))?;
    }
    let crs = header.crs().map_or_else(|| Ok(Crs::unknown()), crs)?;
    let crs = options
        .assume_crs
        .clone()
        .filter(|_| crs.is_unknown())
        .unwrap_or(crs);
    Table::new(cells.finish())?
        .with_geometries("geometry", &geometries, crs)?
        .with_only(options)
}

/// A size-prefixed flatbuffer, its prefix included, and what follows it.
fn sized(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (size, _) = bytes.split_first_chunk::<4>()?;
    let end = usize::try_from(u32::from_le_bytes(*size))
        .ok()?
        .checked_add(4)?;
    // verification needs room for a root offset
    (end >= 12).then(|| bytes.split_at_checked(end)).flatten()
}

/// The length of the packed R-tree between header and features.
fn index_bytes(header: &Header<'_>) -> Option<u64> {
    let (features, node_size) = (header.features_count(), u64::from(header.index_node_size()));
    if features == 0 || node_size < 2 {
        return Some(0);
    }
    let (mut level, mut nodes) = (features, features);
    while level > 1 {
        level = level.div_ceil(node_size);
        nodes = nodes.checked_add(level)?;
    }
    // a single feature still has a root above it
    if features == 1 {
        nodes += 1;
    }
    nodes.checked_mul(NODE_BYTES)
}

fn crs(crs: FlatCrs<'_>) -> Result<Crs> {
    let code = u32::try_from(crs.code()).ok().filter(|&code| code > 0);
    let is_epsg = crs.org().is_none_or(|org| org.eq_ignore_ascii_case("EPSG"));
    match (code, crs.wkt()) {
        (Some(code), _) if is_epsg => Crs::from_epsg(code),
        (_, Some(wkt)) if !wkt.trim().is_empty() => Crs::from_wkt(wkt),
        _ => Ok(Crs::unknown()),
    }
}

fn columns(header: &Header<'_>) -> Vec<(String, ColumnType)> {
    let columns = header.columns();
    let columns: Vec<_> = columns.into_iter().flatten().collect();
    let names = distinct_names(columns.iter().map(|column| column.name().to_owned()));
    names
        .into_iter()
        .zip(columns.iter().map(|column| column.type_()))
        .collect()
}

/// Properties lie as (column number, value) pairs.
fn properties_of(
    mut bytes: &[u8],
    columns: &[(String, ColumnType)],
) -> Decoded<Vec<(String, Cell)>> {
    // every row has every column, so that they keep the header's order
    let mut cells: Vec<_> = columns
        .iter()
        .map(|(name, _)| (name.clone(), Cell::Null))
        .collect();
    // some writers leave a byte behind the last value
    while bytes.len() >= 2 {
        let number = usize::from(u16::from_le_bytes(take(&mut bytes)?));
        let cell = cells.get_mut(number).zip(columns.get(number));
        let ((_, cell), (name, kind)) =
            cell.ok_or_else(|| format!("a property of column {number}, which is not declared"))?;
        *cell =
            value(&mut bytes, *kind).map_err(|problem| format!("property `{name}`: {problem}"))?;
    }
    Ok(cells)
}

fn value(bytes: &mut &[u8], kind: ColumnType) -> Decoded<Cell> {
    Ok(match kind {
        ColumnType::Bool => Cell::Flag(u8::from_le_bytes(take(bytes)?) != 0),
        ColumnType::Byte => Cell::Integer(i8::from_le_bytes(take(bytes)?).into()),
        ColumnType::UByte => Cell::Integer(u8::from_le_bytes(take(bytes)?).into()),
        ColumnType::Short => Cell::Integer(i16::from_le_bytes(take(bytes)?).into()),
        ColumnType::UShort => Cell::Integer(u16::from_le_bytes(take(bytes)?).into()),
        ColumnType::Int => Cell::Integer(i32::from_le_bytes(take(bytes)?).into()),
        ColumnType::UInt => Cell::Integer(u32::from_le_bytes(take(bytes)?).into()),
        ColumnType::Long => Cell::Integer(i64::from_le_bytes(take(bytes)?)),
        ColumnType::ULong => {
            let value = u64::from_le_bytes(take(bytes)?);
            i64::try_from(value).map_or_else(|_| Cell::Text(value.to_string()), Cell::Integer)
        }
        ColumnType::Float => Cell::Number(f32::from_le_bytes(take(bytes)?).into()),
        ColumnType::Double => Cell::Number(f64::from_le_bytes(take(bytes)?)),
        ColumnType::String | ColumnType::Json | ColumnType::DateTime => {
            Cell::Text(String::from_utf8_lossy(take_sized(bytes)?).into_owned())
        }
        ColumnType::Binary => {
            take_sized(bytes)?;
            Cell::Null
        }
        other => return Err(format!("its type {} is not known", other.0)),
    })
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Decoded<[u8; N]> {
    let (value, rest) = bytes.split_first_chunk().ok_or("the value is cut short")?;
    *bytes = rest;
    Ok(*value)
}

fn take_sized<'a>(bytes: &mut &'a [u8]) -> Decoded<&'a [u8]> {
    let length = u32::from_le_bytes(take(bytes)?);
    let length = usize::try_from(length).map_err(|error| error.to_string())?;
    let (value, rest) = bytes
        .split_at_checked(length)
        .ok_or("the value is cut short")?;
    *bytes = rest;
    Ok(value)
}

/// How many coordinates a geometry has; `None` where it nests too deep.
fn count(flat: FlatGeometry<'_>, depth: usize) -> Option<u64> {
    let depth = depth.checked_sub(1)?;
    let own = flat.xy().map_or(0, |xy| xy.len()) as u64 / 2;
    let parts = flat.parts().into_iter().flatten();
    // a part without coordinates still costs something
    let parts = parts.map(|part| count(part, depth).map(|count| count + 1));
    parts.sum::<Option<u64>>().map(|parts| own + parts)
}

fn geometry(flat: FlatGeometry<'_>, declared: GeometryType, depth: usize) -> Decoded<Geometry> {
    let depth = depth
        .checked_sub(1)
        .ok_or("collections lie too deep within each other")?;
    let kind = if declared == GeometryType::Unknown {
        flat.type_()
    } else {
        declared
    };
    let parts = |kind: GeometryType| {
        let parts = flat.parts().into_iter().flatten();
        parts.map(move |part| geometry(part, kind, depth))
    };
    Ok(match kind {
        GeometryType::Point => match coords(flat)?.first() {
            Some(coord) if !coord.x.is_nan() => Geometry::Point(Point(*coord)),
            _ => Geometry::MultiPoint(MultiPoint(Vec::new())),
        },
        GeometryType::MultiPoint => {
            Geometry::MultiPoint(coords(flat)?.into_iter().map(Point).collect())
        }
        GeometryType::LineString => Geometry::LineString(LineString(coords(flat)?)),
        GeometryType::MultiLineString => Geometry::MultiLineString(MultiLineString(rings(flat)?)),
        GeometryType::Polygon => Geometry::Polygon(polygon(flat)?),
        GeometryType::MultiPolygon => {
            let polygons = flat.parts().into_iter().flatten().map(polygon);
            Geometry::MultiPolygon(MultiPolygon(polygons.collect::<Decoded<_>>()?))
        }
        GeometryType::GeometryCollection => {
            let members = parts(GeometryType::Unknown).collect::<Decoded<_>>()?;
            Geometry::GeometryCollection(GeometryCollection(members))
        }
        other => {
            return Err(format!(
                "geometries of type {} are not supported",
                other.variant_name().unwrap_or("unknown")
            ));
        }
    })
}

fn coords(flat: FlatGeometry<'_>) -> Decoded<Vec<Coord>> {
    let values: Vec<f64> = flat.xy().into_iter().flatten().collect();
    if !values.len().is_multiple_of(2) {
        return Err("a coordinate has an x and no y".to_owned());
    }
    Ok(values
        .chunks_exact(2)
        .filter_map(|pair| {
            Some(Coord {
                x: *pair.first()?,
                y: *pair.get(1)?,
            })
        })
        .collect())
}

/// Coordinates cut at the ends that the geometry lists; one piece when it lists none.
fn rings(flat: FlatGeometry<'_>) -> Decoded<Vec<LineString>> {
    let coords = coords(flat)?;
    let Some(ends) = flat.ends().filter(|ends| !ends.is_empty()) else {
        return Ok(if coords.is_empty() {
            Vec::new()
        } else {
            vec![LineString(coords)]
        });
    };
    let mut from = 0;
    let pieces = ends.into_iter().map(|end| {
        let end = usize::try_from(end).map_err(|error| error.to_string())?;
        let piece = coords
            .get(from..end)
            .ok_or("a part ends before it begins, or past the last coordinate")?;
        from = end;
        Ok(LineString(piece.to_vec()))
    });
    pieces.collect()
}

fn polygon(flat: FlatGeometry<'_>) -> Decoded<Polygon> {
    let mut rings = rings(flat)?.into_iter();
    let exterior = rings.next().unwrap_or_else(|| LineString(Vec::new()));
    Ok(Polygon::new(exterior, rings.collect()))
}
