//! Image file directories of a TIFF file (TIFF 6.0, section 2), lowest byte first.

/// The value of a tag.
#[derive(Clone, Debug)]
pub(super) enum TagValue {
    Short(Vec<u16>),
    Long(Vec<u32>),
    Double(Vec<f64>),
    Ascii(String),
}

impl TagValue {
    fn type_code(&self) -> u16 {
        match self {
            Self::Ascii(_) => 2,
            Self::Short(_) => 3,
            Self::Long(_) => 4,
            Self::Double(_) => 12,
        }
    }

    fn count(&self) -> usize {
        match self {
            Self::Short(values) => values.len(),
            Self::Long(values) => values.len(),
            Self::Double(values) => values.len(),
            // A closing zero is counted.
            Self::Ascii(text) => text.len() + 1,
        }
    }

    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Short(values) => values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect(),
            Self::Long(values) => values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect(),
            Self::Double(values) => values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect(),
            Self::Ascii(text) => text.bytes().chain([0]).collect(),
        }
    }
}

/// One directory: its tags, in any order.
#[derive(Clone, Debug, Default)]
pub(super) struct Directory(Vec<(u16, TagValue)>);

impl Directory {
    pub(super) fn set(&mut self, tag: u16, value: TagValue) {
        self.0.retain(|(other, _)| *other != tag);
        self.0.push((tag, value));
    }

    /// Bytes that the directory takes with the values that do not fit into its entries.
    pub(super) fn len(&self) -> usize {
        let outside = |value: &TagValue| {
            let length = value.bytes().len();
            if length > 4 {
                length.next_multiple_of(2)
            } else {
                0
            }
        };
        2 + 12 * self.0.len()
            + 4
            + self
                .0
                .iter()
                .map(|(_, value)| outside(value))
                .sum::<usize>()
    }

    /// The directory as it stands at offset `at` of the file, `next` being the offset of the one after it (0: none).
    pub(super) fn write(&self, at: u32, next: u32) -> Vec<u8> {
        let mut tags = self.0.clone();
        tags.sort_by_key(|(tag, _)| *tag);
        let entries_end = 2 + 12 * tags.len() + 4;
        let mut entries = (tags.len() as u16).to_le_bytes().to_vec();
        let mut outside = Vec::new();
        for (tag, value) in &tags {
            entries.extend(tag.to_le_bytes());
            entries.extend(value.type_code().to_le_bytes());
            entries.extend((value.count() as u32).to_le_bytes());
            let mut bytes = value.bytes();
            if bytes.len() <= 4 {
                bytes.resize(4, 0);
                entries.extend(bytes);
            } else {
                entries.extend((at + (entries_end + outside.len()) as u32).to_le_bytes());
                // Values begin at even offsets.
                bytes.resize(bytes.len().next_multiple_of(2), 0);
                outside.extend(bytes);
            }
        }
        entries.extend(next.to_le_bytes());
        entries.extend(outside);
        entries
    }
}
