//! Writes small OpenStreetMap extracts in the PBF format, uncompressed, after the format's
//! description on the OpenStreetMap wiki: length-prefixed headers and blobs of protobuf messages.

/// An extract of nodes and ways.
#[derive(Default)]
pub struct Extract {
    nodes: Vec<(i64, f64, f64)>,
    ways: Vec<Way>,
}

struct Way {
    id: i64,
    nodes: Vec<i64>,
    tags: Vec<(String, String)>,
}

impl Extract {
    pub fn node(mut self, id: i64, longitude: f64, latitude: f64) -> Self {
        self.nodes.push((id, longitude, latitude));
        self
    }

    pub fn way(mut self, id: i64, nodes: &[i64], tags: &[(&str, &str)]) -> Self {
        self.ways.push(Way {
            id,
            nodes: nodes.to_vec(),
            tags: tags
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect(),
        });
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        let header = Message::default()
            .text(4, "OsmSchema-V0.6")
            .text(4, "DenseNodes");
        [blob("OSMHeader", &header), blob("OSMData", &self.block())].concat()
    }

    fn block(&self) -> Message {
        let mut strings = vec![String::new()];
        let mut index = |text: &str| {
            strings.iter().position(|s| s == text).unwrap_or_else(|| {
                strings.push(text.to_owned());
                strings.len() - 1
            }) as u64
        };
        let units = |degrees: f64| (degrees * 1e7).round() as i64;
        let dense = Message::default()
            .packed(1, deltas(self.nodes.iter().map(|n| n.0)))
            .packed(8, deltas(self.nodes.iter().map(|n| units(n.2))))
            .packed(9, deltas(self.nodes.iter().map(|n| units(n.1))));
        let mut ways = Message::default();
        for way in &self.ways {
            let (keys, values): (Vec<u64>, Vec<u64>) =
                way.tags.iter().map(|(k, v)| (index(k), index(v))).unzip();
            let message = Message::default()
                .number(1, way.id as u64)
                .packed(2, keys)
                .packed(3, values)
                .packed(8, deltas(way.nodes.iter().copied()));
            ways = ways.message(3, &message);
        }
        let table = strings
            .iter()
            .fold(Message::default(), |table, text| table.text(1, text));
        Message::default()
            .message(1, &table)
            .message(2, &Message::default().message(2, &dense))
            .message(2, &ways)
    }
}

fn blob(kind: &str, content: &Message) -> Vec<u8> {
    let blob = Message::default()
        .bytes(1, &content.0)
        .number(2, content.0.len() as u64);
    let header = Message::default()
        .text(1, kind)
        .number(3, blob.0.len() as u64);
    [
        &(header.0.len() as u32).to_be_bytes()[..],
        &header.0,
        &blob.0,
    ]
    .concat()
}

/// Zigzag differences, as the format stores ids and coordinates.
fn deltas(values: impl Iterator<Item = i64>) -> Vec<u64> {
    values
        .scan(0, |before, value| {
            let delta = value - std::mem::replace(before, value);
            Some(((delta << 1) ^ (delta >> 63)) as u64)
        })
        .collect()
}

/// A protobuf message under construction.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    fn number(mut self, field: u64, value: u64) -> Self {
        self.varint(field << 3);
        self.varint(value);
        self
    }

    fn bytes(mut self, field: u64, bytes: &[u8]) -> Self {
        self.varint(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }

    fn text(self, field: u64, text: &str) -> Self {
        self.bytes(field, text.as_bytes())
    }

    fn message(self, field: u64, message: &Self) -> Self {
        self.bytes(field, &message.0)
    }

    fn packed(self, field: u64, values: Vec<u64>) -> Self {
        let mut packed = Self::default();
        values.into_iter().for_each(|value| packed.varint(value));
        self.bytes(field, &packed.0)
    }
}
