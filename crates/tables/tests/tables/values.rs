//! Columns as numbers, texts and flags.

use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float64Array,
    Int64Array, LargeStringArray, StringArray, UInt8Array,
};
use tables::{Error, Table};

fn column(values: impl arrow_array::Array + 'static) -> Table {
    let values: ArrayRef = Arc::new(values);
    Table::new(vec![("it".into(), values)]).unwrap()
}

#[test]
fn numbers_come_from_every_type_that_counts() {
    let cases: Vec<(Table, Vec<Option<f64>>)> = vec![
        (
            column(Int64Array::from(vec![Some(-3), None])),
            vec![Some(-3.0), None],
        ),
        (column(UInt8Array::from(vec![255])), vec![Some(255.0)]),
        (column(Float64Array::from(vec![0.5])), vec![Some(0.5)]),
        (
            column(BooleanArray::from(vec![true, false])),
            vec![Some(1.0), Some(0.0)],
        ),
        (
            column(
                Decimal128Array::from(vec![12_345])
                    .with_precision_and_scale(10, 2)
                    .unwrap(),
            ),
            vec![Some(123.45)],
        ),
        (
            column(StringArray::from(vec![Some(" 1e3 "), Some(""), None])),
            vec![Some(1000.0), None, None],
        ),
        (column(LargeStringArray::from(vec!["7"])), vec![Some(7.0)]),
        (
            column(
                ["2", "4", "2"]
                    .into_iter()
                    .collect::<DictionaryArray<Int32Type>>(),
            ),
            vec![Some(2.0), Some(4.0), Some(2.0)],
        ),
    ];
    for (table, expected) in cases {
        assert_eq!(
            table.numbers("it").unwrap(),
            expected,
            "{:?}",
            table.schema()
        );
    }
}

#[test]
fn text_that_is_no_number_names_its_row() {
    let error = column(StringArray::from(vec!["1", "two"]))
        .numbers("it")
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "column `it`, row 1: found `two`, expected a number"
    );
    let error = column(Date32Array::from(vec![1]))
        .numbers("it")
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "column `it` holds Date32, expected numbers"
    );
}

#[test]
fn everything_with_a_text_form_is_text() {
    let texts = |table: Table| {
        table
            .texts("it")
            .unwrap()
            .into_iter()
            .map(Option::unwrap)
            .collect::<Vec<_>>()
    };
    assert_eq!(texts(column(Int64Array::from(vec![5]))), ["5"]);
    assert_eq!(
        texts(column(Float64Array::from(vec![0.5, 1e-7]))),
        ["0.5", "1e-7"]
    );
    assert_eq!(texts(column(BooleanArray::from(vec![true]))), ["true"]);
    assert_eq!(
        texts(column(Date32Array::from(vec![19_782]))),
        ["2024-02-29"]
    );
    assert!(matches!(
        column(arrow_array::BinaryArray::from_iter_values([b"x"])).texts("it"),
        Err(Error::ColumnType { .. })
    ));
}

#[test]
fn flags_come_from_words_and_from_zero_and_one() {
    let words = column(StringArray::from(vec![
        Some("TRUE"),
        Some("no"),
        Some("1"),
        Some("f"),
        None,
    ]));
    assert_eq!(
        words.flags("it").unwrap(),
        [Some(true), Some(false), Some(true), Some(false), None]
    );
    assert_eq!(
        column(Float64Array::from(vec![1.0, 0.0]))
            .flags("it")
            .unwrap(),
        [Some(true), Some(false)]
    );
    let error = column(Int64Array::from(vec![1, 2]))
        .flags("it")
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "column `it`, row 1: found `2`, expected true or false, yes or no, 1 or 0"
    );
}

#[test]
fn columns_of_one_name_or_of_different_lengths_are_refused() {
    let one: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let two: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    let table = |second: &str, values: &ArrayRef| {
        Table::new(vec![
            ("a".into(), Arc::clone(&one)),
            (second.into(), Arc::clone(values)),
        ])
        .unwrap_err()
        .to_string()
    };
    assert_eq!(
        table("a", &one),
        "two columns are named `a`; column names must differ"
    );
    assert_eq!(table("b", &two), "column `b` has 2 rows, the table has 1");
}

#[test]
fn a_row_that_does_not_exist_cannot_be_taken() {
    let error = column(Int64Array::from(vec![1])).take(&[0, 1]).unwrap_err();
    assert!(
        matches!(error, Error::NoSuchRow { row: 1, rows: 1 }),
        "{error}"
    );
}
