//! Splitting a table by the values of a column.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, StringArray};
use tables::split::{Source, SplitSummary, split_by_column};
use tables::{Error, Result, RowGroups, Table, WriteOptions};

use crate::builder::{cells, geo_of, read};

type Files = BTreeMap<Option<String>, (Vec<u8>, usize)>;

fn split(table: &Table, column: &str) -> Result<(Files, SplitSummary)> {
    let bytes = table.to_geoparquet(&WriteOptions {
        row_groups: RowGroups::Rows(50),
    })?;
    let source = Source::Bytes {
        name: "big.parquet".to_owned(),
        bytes: bytes.into(),
    };
    let files = RefCell::new(Files::new());
    let summary = split_by_column(
        source,
        column,
        |_| Ok(Vec::new()),
        |value, bytes, rows| {
            let before = files
                .borrow_mut()
                .insert(value.map(str::to_owned), (bytes, rows));
            assert!(before.is_none(), "{value:?} was closed twice");
            Ok(())
        },
    )?;
    Ok((files.into_inner(), summary))
}

#[test]
fn every_row_goes_to_the_file_of_its_value_in_its_order() {
    let table = cells(301);
    let (files, summary) = split(&table, "village").unwrap();
    assert_eq!(
        summary,
        SplitSummary {
            files: 3,
            rows: 301
        }
    );
    let villages: Vec<_> = files.keys().flatten().map(String::as_str).collect();
    assert_eq!(villages, ["Bató", "Santa Cruz", "Talisay"]);
    for (value, (bytes, rows)) in &files {
        let part = read(bytes.clone()).unwrap();
        assert_eq!(part.rows(), *rows);
        let wanted: Vec<u32> = (0..301)
            .filter(|&row| table.texts("village").unwrap()[row as usize] == *value)
            .collect();
        let expected = table.take(&wanted).unwrap();
        for name in table.column_names() {
            assert_eq!(
                &part.column(name).unwrap(),
                &expected.column(name).unwrap(),
                "{name}"
            );
        }
        let bbox = &geo_of(bytes.clone())["columns"]["geometry"]["bbox"];
        assert_eq!(
            bbox[0],
            expected.bounds().unwrap().unwrap().min().x,
            "the extent is the part's own"
        );
    }
}

#[test]
fn null_is_a_value_and_numbers_are_named_as_text() {
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![Some(7), None, Some(7), Some(-1)]));
    let table = Table::new(vec![("n".into(), numbers)]).unwrap();
    let (files, _) = split(&table, "n").unwrap();
    let rows: Vec<_> = files
        .iter()
        .map(|(value, (_, rows))| (value.as_deref(), *rows))
        .collect();
    assert_eq!(rows, [(None, 1), (Some("-1"), 1), (Some("7"), 2)]);
}

#[test]
fn a_column_that_is_not_there_is_an_error_that_names_those_that_are() {
    let names: ArrayRef = Arc::new(StringArray::from(vec!["a"]));
    let error = split(&Table::new(vec![("name".into(), names)]).unwrap(), "city").unwrap_err();
    assert_eq!(error.to_string(), "no column `city`; the columns are name");
}

#[test]
fn what_the_receiver_reports_ends_the_split() {
    let bytes = cells(10).to_geoparquet(&WriteOptions::default()).unwrap();
    let source = Source::Bytes {
        name: "big.parquet".to_owned(),
        bytes: bytes.into(),
    };
    let full = |_: Option<&str>| Err::<Vec<u8>, _>(std::io::Error::other("the disk is full"));
    let error = split_by_column(source, "village", full, |_, _, _| Ok(())).unwrap_err();
    assert!(matches!(&error, Error::Io { .. }), "{error}");
    assert!(error.to_string().contains("the disk is full"), "{error}");
}

#[test]
fn an_empty_table_has_no_parts() {
    let (files, summary) = split(&cells(3).take(&[]).unwrap(), "village").unwrap();
    assert!(files.is_empty());
    assert_eq!(summary, SplitSummary { files: 0, rows: 0 });
}
