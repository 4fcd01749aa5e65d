//! Earth Engine's expressions: functions applied to functions, as JSON (REST API v1, `Expression`).

use geo::Polygon;
use serde_json::{Map, Value, json};

use super::{CloudMask, Reducer, ValueType};

/// Name of the variable of the one mapped function.
const IMAGE: &str = "_MAPPING_VAR_0_0";

/// A node of an expression, and the body of the function that it maps, if it does.
#[derive(Clone, Debug)]
pub(super) struct Node {
    value: Value,
    mapped: Option<Value>,
}

/// Node numbers of an expression: the result and the body of the mapped function.
const RESULT: &str = "0";
const BODY: &str = "1";

impl Node {
    /// The whole expression, ready to be sent.
    pub(super) fn into_expression(self) -> Value {
        let mut values = Map::new();
        values.insert(RESULT.to_owned(), self.value);
        values.extend(self.mapped.map(|body| (BODY.to_owned(), body)));
        json!({"result": RESULT, "values": values})
    }

    fn map(self, wrap: impl FnOnce(Value) -> Value) -> Self {
        Self {
            value: wrap(self.value),
            mapped: self.mapped,
        }
    }
}

fn call(function: &str, arguments: Value) -> Value {
    json!({"functionInvocationValue": {"functionName": function, "arguments": arguments}})
}

fn constant(value: impl Into<Value>) -> Value {
    json!({"constantValue": value.into()})
}

fn array(values: Vec<Value>) -> Value {
    json!({"arrayValue": {"values": values}})
}

/// A picture made of a collection.
pub(super) struct Composite<'a> {
    pub(super) collection: &'a str,
    /// First day.
    pub(super) start: &'a str,
    /// Day after the last.
    pub(super) end: &'a str,
    pub(super) bands: &'a [String],
    pub(super) reducer: Reducer,
    pub(super) cloud_mask: Option<&'a CloudMask>,
}

/// Load, keep the dates, mask and select in each picture, reduce.
pub(super) fn composite(composite: &Composite<'_>) -> Node {
    let loaded = call(
        "ImageCollection.load",
        json!({"id": constant(composite.collection)}),
    );
    let dates = call(
        "DateRange",
        json!({"start": constant(composite.start), "end": constant(composite.end)}),
    );
    let in_dates = call(
        "Filter.dateRangeContains",
        json!({"leftValue": dates, "rightField": constant("system:time_start")}),
    );
    let filtered = call(
        "Collection.filter",
        json!({"collection": loaded, "filter": in_dates}),
    );
    let mapped = call(
        "Collection.map",
        json!({
            "collection": filtered,
            "baseAlgorithm": {"functionDefinitionValue": {"argumentNames": [IMAGE], "body": BODY}},
        }),
    );
    let image = json!({"argumentReference": IMAGE});
    let clear = match composite.cloud_mask {
        Some(mask) => without_clouds(&image, mask),
        None => image,
    };
    let body = call(
        "Image.select",
        json!({"input": clear, "bandSelectors": constant(composite.bands)}),
    );
    let reduced = match composite.reducer {
        Reducer::Median => call("reduce.median", json!({"collection": mapped})),
        Reducer::Mean => call("reduce.mean", json!({"collection": mapped})),
        Reducer::Min => call("reduce.min", json!({"collection": mapped})),
        Reducer::Max => call("reduce.max", json!({"collection": mapped})),
        Reducer::Mosaic => call("ImageCollection.mosaic", json!({"collection": mapped})),
    };
    Node {
        value: reduced,
        mapped: Some(body),
    }
}

/// The image without the pixels where a bit of the quality band is set.
fn without_clouds(image: &Value, mask: &CloudMask) -> Value {
    let bits = mask.bits.iter().fold(0_u64, |bits, bit| {
        bits | 1_u64.checked_shl((*bit).into()).unwrap_or(0)
    });
    let quality = call(
        "Image.select",
        json!({"input": image, "bandSelectors": constant([mask.band.as_str()].as_slice())}),
    );
    let set = call(
        "Image.bitwiseAnd",
        json!({"image1": quality, "image2": call("Image.constant", json!({"value": constant(bits)}))}),
    );
    let clear = call(
        "Image.eq",
        json!({"image1": set, "image2": call("Image.constant", json!({"value": constant(0)}))}),
    );
    call("Image.updateMask", json!({"image": image, "mask": clear}))
}

/// Values of a type, 0 where the picture is masked.
pub(super) fn typed(image: Node, value_type: ValueType) -> Node {
    let function = match value_type {
        ValueType::Uint8 => "Image.toUint8",
        ValueType::Uint16 => "Image.toUint16",
        ValueType::Int16 => "Image.toInt16",
        ValueType::Float => "Image.toFloat",
    };
    image.map(|image| {
        let zero = call("Image.constant", json!({"value": constant(0)}));
        call(
            function,
            json!({"value": call("Image.unmask", json!({"input": image, "value": zero}))}),
        )
    })
}

/// The image with a band of labels: the largest value of the polygons over a pixel.
pub(super) fn with_labels(image: Node, shapes: &[(Polygon, f64)], property: &str) -> Node {
    let features = shapes
        .iter()
        .map(|(shape, value)| feature(shape, *value, property))
        .collect();
    let collection = call("Collection", json!({"features": array(features)}));
    let burnt = call(
        "Collection.reduceToImage",
        json!({
            "collection": collection,
            "properties": constant([property].as_slice()),
            "reducer": call("Reducer.max", json!({})),
        }),
    );
    image.map(|image| call("Image.addBands", json!({"dstImg": image, "srcImg": burnt})))
}

fn feature(shape: &Polygon, value: f64, property: &str) -> Value {
    let rings = std::iter::once(shape.exterior()).chain(shape.interiors());
    let rings = rings.map(|ring| {
        array(
            ring.coords()
                .map(|place| json!({"constantValue": [place.x, place.y]}))
                .collect(),
        )
    });
    let polygon = call(
        "GeometryConstructors.Polygon",
        json!({"coordinates": array(rings.collect())}),
    );
    let whole = value.fract() == 0.0 && value.abs() < 9e15;
    let number = if whole {
        Value::from(value as i64)
    } else {
        Value::from(value)
    };
    let mut metadata = Map::new();
    metadata.insert(property.to_owned(), number);
    call(
        "Feature",
        json!({"geometry": polygon, "metadata": constant(metadata)}),
    )
}

#[cfg(test)]
mod tests {
    use geo::polygon;

    use super::*;

    /// The value of an expression with every reference replaced by what it names.
    fn resolved(expression: &Value) -> Value {
        fn resolve(value: &Value, values: &Map<String, Value>) -> Value {
            match value {
                Value::Object(object) => match object.get("valueReference").and_then(Value::as_str)
                {
                    Some(name) => resolve(&values[name], values),
                    None => Value::Object(
                        object
                            .iter()
                            .map(|(key, value)| match (key.as_str(), value.as_str()) {
                                ("body", Some(name)) => {
                                    (key.clone(), resolve(&values[name], values))
                                }
                                _ => (key.clone(), resolve(value, values)),
                            })
                            .collect(),
                    ),
                },
                Value::Array(list) => {
                    Value::Array(list.iter().map(|value| resolve(value, values)).collect())
                }
                plain => plain.clone(),
            }
        }
        let values = expression["values"].as_object().unwrap();
        resolve(&values[expression["result"].as_str().unwrap()], values)
    }

    fn seed_composite() -> Node {
        let bands = ["B", "G", "R", "N"].map(str::to_owned);
        composite(&Composite {
            collection: "projects/planet-nicfi/assets/basemaps/africa",
            start: "2018-01-01",
            end: "2018-12-31",
            bands: &bands,
            reducer: Reducer::Median,
            cloud_mask: None,
        })
    }

    #[test]
    fn expressions_equal_those_of_earth_engines_own_client() {
        let Some(data) = std::env::var_os("TRANSECT_DATA") else {
            println!("skipped: TRANSECT_DATA is not set");
            return;
        };
        let golden = std::fs::read_to_string(
            std::path::Path::new(&data).join("earth_engine/expressions.txt"),
        )
        .unwrap();
        let golden = |name: &str| {
            let line = golden
                .lines()
                .find_map(|line| line.strip_prefix(&format!("{name} ")))
                .unwrap();
            resolved(&serde_json::from_str(line).unwrap())
        };
        assert_eq!(
            resolved(&seed_composite().into_expression()),
            golden("MEDIAN")
        );
        let field = polygon![(x: -5.0, y: 8.0), (x: -4.99, y: 8.0), (x: -4.99, y: 8.01), (x: -5.0, y: 8.01)];
        let labelled = with_labels(seed_composite(), &[(field, 1.0)], "cashew");
        assert_eq!(resolved(&labelled.into_expression()), golden("LABEL"));
    }

    #[test]
    fn a_cloud_mask_leaves_out_pixels_before_bands_are_chosen() {
        let mask = CloudMask {
            band: "QA60".to_owned(),
            bits: vec![10, 11],
        };
        let image = composite(&Composite {
            collection: "COPERNICUS/S2",
            start: "2024-01-01",
            end: "2025-01-01",
            bands: &["B4".to_owned()],
            reducer: Reducer::Mosaic,
            cloud_mask: Some(&mask),
        });
        let expression = image.into_expression();
        let body = &expression["values"]["1"]["functionInvocationValue"];
        assert_eq!(body["functionName"], "Image.select");
        let masked = &body["arguments"]["input"]["functionInvocationValue"];
        assert_eq!(masked["functionName"], "Image.updateMask");
        assert!(masked.to_string().contains("3072"), "{masked}");
        assert_eq!(
            expression["values"]["0"]["functionInvocationValue"]["functionName"],
            "ImageCollection.mosaic"
        );
    }

    #[test]
    fn a_type_replaces_masked_pixels_by_zero() {
        let expression = typed(seed_composite(), ValueType::Uint16).into_expression();
        let cast = &expression["values"]["0"]["functionInvocationValue"];
        assert_eq!(cast["functionName"], "Image.toUint16");
        assert_eq!(
            cast["arguments"]["value"]["functionInvocationValue"]["functionName"],
            "Image.unmask"
        );
    }
}
