//! Columns whose values may be lists: of text, of numbers, or of records as Overture writes them.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use tables::Table;

use crate::Result;

/// Fields of a record that hold its value.
const VALUE_FIELDS: [&str; 3] = ["primary", "value", "record_id"];

/// The values of every row of a column; none of an empty one.
pub(crate) struct Cells(Vec<Vec<String>>);

impl Cells {
    pub(crate) fn of(table: &Table, column: &str) -> Result<Self> {
        let array = table.column(column)?;
        if is_nested(array.data_type()) {
            let rows = (0..array.len()).map(|row| nested(&array, row));
            return Ok(Self(rows.collect()));
        }
        let texts = table.texts(column)?.into_iter();
        Ok(Self(
            texts
                .map(|text| text.map_or_else(Vec::new, |text| items(&text)))
                .collect(),
        ))
    }

    pub(crate) fn at(&self, row: usize) -> &[String] {
        self.0.get(row).map_or(&[], Vec::as_slice)
    }

    /// Whether all values that there are have a property.
    pub(crate) fn all(&self, has: impl Fn(&str) -> bool) -> bool {
        self.0.iter().flatten().all(|value| has(value))
    }

    /// Puts the first value that is wanted before the others of its row.
    pub(crate) fn prefer(&mut self, wanted: &dyn Fn(&str) -> bool) {
        for values in &mut self.0 {
            if let Some(place) = values.iter().position(|value| wanted(value)) {
                values.swap(0, place);
            }
        }
    }

    /// The ways of OpenStreetMap in Overture's sources: `w123@4`, also within JSON.
    pub(crate) fn osm_ways(&self) -> Self {
        let way = |text: &String| {
            let (before, _) = text.split_once('@')?;
            let digits = before.rsplit('w').next()?;
            let is_way = before.len() > digits.len() && !digits.is_empty();
            (is_way && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.to_owned())
        };
        Self(
            self.0
                .iter()
                .map(|values| values.iter().filter_map(way).collect())
                .collect(),
        )
    }
}

fn is_nested(kind: &DataType) -> bool {
    matches!(
        kind,
        DataType::List(_)
            | DataType::LargeList(_)
            | DataType::Struct(_)
            | DataType::FixedSizeList(..)
    )
}

/// The values of one row of lists and records.
fn nested(array: &ArrayRef, row: usize) -> Vec<String> {
    if array.is_null(row) {
        return Vec::new();
    }
    let all = |list: ArrayRef| {
        (0..list.len())
            .flat_map(|item| nested(&list, item))
            .collect()
    };
    match array.data_type() {
        DataType::List(_) => all(array.as_list::<i32>().value(row)),
        DataType::LargeList(_) => all(array.as_list::<i64>().value(row)),
        DataType::FixedSizeList(..) => all(array.as_fixed_size_list().value(row)),
        DataType::Struct(_) => {
            let record = array.as_struct();
            let mut fields = VALUE_FIELDS
                .iter()
                .filter_map(|field| record.column_by_name(field));
            fields
                .next()
                .map_or_else(Vec::new, |field| nested(field, row))
        }
        DataType::Utf8 => vec![array.as_string::<i32>().value(row).to_owned()],
        DataType::LargeUtf8 => vec![array.as_string::<i64>().value(row).to_owned()],
        DataType::Utf8View => vec![array.as_string_view().value(row).to_owned()],
        DataType::Int64 => {
            vec![
                array
                    .as_primitive::<arrow_array::types::Int64Type>()
                    .value(row)
                    .to_string(),
            ]
        }
        DataType::Int32 => {
            vec![
                array
                    .as_primitive::<arrow_array::types::Int32Type>()
                    .value(row)
                    .to_string(),
            ]
        }
        _ => Vec::new(),
    }
}

/// The items of a list written as text, as JSON and Python write it: `["a", "b"]`, `['a', 'b']`,
/// `[1, 2]`; another text is one item, an empty one none.
fn items(text: &str) -> Vec<String> {
    let inner = text
        .trim()
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    let Some(inner) = inner else {
        return if text.is_empty() {
            Vec::new()
        } else {
            vec![text.to_owned()]
        };
    };
    let mut items = vec![String::new()];
    let mut quote = None;
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        let last = items.len() - 1;
        match (letter, quote) {
            (',', None) => items.push(String::new()),
            ('"' | '\'', None) if items[last].trim().is_empty() => quote = Some(letter),
            ('\\', Some(_)) => items[last].extend(letters.next()),
            (letter, Some(open)) if letter == open => quote = None,
            (letter, _) => items[last].push(letter),
        }
    }
    items
        .into_iter()
        .map(|item| item.trim().to_owned())
        .filter(|item| !item.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_as_json_and_python_write_them() {
        let table: [(&str, &[&str]); 8] = [
            ("residential", &["residential"]),
            ("", &[]),
            ("[]", &[]),
            (r#"["residential","steps"]"#, &["residential", "steps"]),
            ("['residential', 'steps']", &["residential", "steps"]),
            ("[152146093, 38105966]", &["152146093", "38105966"]),
            (
                r#"['Via A, B', "Via dell'Orto"]"#,
                &["Via A, B", "Via dell'Orto"],
            ),
            (r#"["5\" pipe"]"#, &["5\" pipe"]),
        ];
        for (text, expected) in table {
            assert_eq!(items(text), expected, "{text}");
        }
    }

    #[test]
    fn sources_of_overture_name_the_ways() {
        let cells = Cells(vec![
            vec!["w12@3".into()],
            vec![r#"{"record_id":"w13@1","dataset":"OpenStreetMap"}"#.into()],
            vec!["n5@1".into(), "none".into()],
        ]);
        assert_eq!(cells.osm_ways().0, [vec!["12"], vec!["13"], vec![]]);
    }
}
