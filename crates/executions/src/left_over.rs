//! Which inputs have no result yet: two sorted listings, merged.
//!
//! Within one folder the names of the results (`clustered_` before the input's name) sort as the
//! inputs do, so one pass over both listings tells what is missing and no more than a page of
//! each is held. Across folders that order breaks (`a/z/clustered_b` comes after
//! `a/clustered_zz`), so folders are walked one by one.

use std::collections::VecDeque;

use store::{Depth, Store};

/// What stands before an input's name in its result's.
pub const RESULT_MARK: &str = "clustered_";
/// What stands before it in the table of clusters and the report.
const BESIDE_MARK: &str = "clusters_";

/// Key of the result of an input: `a/b.parquet` becomes `a/clustered_b.parquet`.
pub fn result_key(input: &str) -> String {
    let (folder, name) = split(input);
    format!("{folder}{RESULT_MARK}{name}")
}

/// Calls `found` for every table below `prefix`, with whether its result is there already.
pub async fn walk(
    inputs: &dyn Store,
    outputs: &dyn Store,
    same_bucket: bool,
    prefix: &str,
    mut found: impl FnMut(&str, bool) -> std::io::Result<()>,
) -> Result<(), Error> {
    let mut folders = vec![Folder::new(outputs, prefix)];
    while let Some(folder) = folders.last_mut() {
        if let Some(below) = folder.below.pop_front() {
            folders.push(Folder::new(outputs, &below));
            continue;
        }
        if folder.read {
            folders.pop();
            continue;
        }
        let page = inputs
            .list(&folder.prefix, Depth::Folder, folder.from.as_deref())
            .await?;
        for object in &page.objects {
            if is_table(&object.key, same_bucket) {
                let done = folder.results.has(&result_key(&object.key)).await?;
                found(&object.key, done)?;
            }
        }
        folder.below = page.folders.into();
        folder.read = page.next.is_none();
        folder.from = page.next;
    }
    Ok(())
}

/// Why a walk stopped.
#[derive(Debug)]
pub enum Error {
    /// The storage.
    Store(store::Error),
    /// The caller's own file.
    Write(std::io::Error),
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        Self::Store(error)
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::Write(error)
    }
}

/// A folder that is being walked: where its listings stand.
struct Folder<'a> {
    prefix: String,
    from: Option<String>,
    read: bool,
    below: VecDeque<String>,
    results: Results<'a>,
}

impl<'a> Folder<'a> {
    fn new(outputs: &'a dyn Store, prefix: &str) -> Self {
        Self {
            prefix: prefix.to_owned(),
            from: None,
            read: false,
            below: VecDeque::new(),
            results: Results {
                store: outputs,
                prefix: result_key(prefix),
                page: VecDeque::new(),
                from: None,
                read: false,
            },
        }
    }
}

/// The sorted results of one folder, read forward only.
struct Results<'a> {
    store: &'a dyn Store,
    prefix: String,
    page: VecDeque<String>,
    from: Option<String>,
    read: bool,
}

impl Results<'_> {
    /// Whether `key` is among the results; asked in ascending order.
    async fn has(&mut self, key: &str) -> Result<bool, store::Error> {
        loop {
            match self.page.front() {
                Some(front) if front.as_str() < key => {
                    self.page.pop_front();
                }
                Some(front) => return Ok(front == key),
                None if self.read => return Ok(false),
                None => {
                    let page = self
                        .store
                        .list(&self.prefix, Depth::Folder, self.from.as_deref())
                        .await?;
                    self.page = page.objects.into_iter().map(|object| object.key).collect();
                    self.read = page.next.is_none();
                    self.from = page.next;
                }
            }
        }
    }
}

/// Whether a key is a table to cluster. Where inputs and results share a bucket, results are
/// told by their names.
pub fn is_table(key: &str, same_bucket: bool) -> bool {
    let (_, name) = split(key);
    let result = name.starts_with(RESULT_MARK) || name.starts_with(BESIDE_MARK);
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let table = ["parquet", "geoparquet"]
        .iter()
        .any(|known| extension.eq_ignore_ascii_case(known));
    table && !(same_bucket && result)
}

fn split(key: &str) -> (&str, &str) {
    key.split_at(key.rfind('/').map_or(0, |at| at + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use store::Memory;

    fn found(inputs: &[String], results: &[String], prefix: &str) -> Vec<(String, bool)> {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let (input, output) = (Memory::new("in"), Memory::new("out"));
            for (store, keys) in [(&input, inputs), (&output, results)] {
                for key in keys {
                    store.put(key, "x".into(), "text/plain").await.unwrap();
                }
            }
            let mut found = Vec::new();
            walk(&input, &output, false, prefix, |key, done| {
                found.push((key.to_owned(), done));
                Ok(())
            })
            .await
            .unwrap();
            found
        })
    }

    #[test]
    fn folders_whose_results_sort_differently_are_told_right() {
        let inputs = ["a/d/x.parquet", "a/e.parquet", "a/b.parquet", "notes.txt"].map(String::from);
        let results = ["a/clustered_e.parquet", "a/d/clustered_x.parquet"].map(String::from);
        let mut found = found(&inputs, &results, "");
        found.sort();
        let expected = [
            ("a/b.parquet", false),
            ("a/d/x.parquet", true),
            ("a/e.parquet", true),
        ];
        assert_eq!(found, expected.map(|(key, done)| (key.to_owned(), done)));
    }

    #[test]
    fn a_prefix_may_end_within_a_name() {
        let inputs = ["a/north1.parquet", "a/north2.parquet", "a/south.parquet"].map(String::from);
        let results = ["a/clustered_north2.parquet"].map(String::from);
        let found = found(&inputs, &results, "a/no");
        let expected = [("a/north1.parquet", false), ("a/north2.parquet", true)];
        assert_eq!(found, expected.map(|(key, done)| (key.to_owned(), done)));
    }

    #[test]
    fn results_in_the_same_bucket_are_not_inputs() {
        assert!(!is_table("a/clustered_b.parquet", true));
        assert!(!is_table("clusters_b.parquet", true));
        assert!(is_table("clusters_b.parquet", false));
        assert!(is_table("a/B.PARQUET", true));
        assert!(!is_table("a/b.csv", false));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn the_merge_agrees_with_a_set(
            inputs in prop::collection::btree_set("[ab-]{1,2}(/[ab-]{1,2}){0,2}", 0..60),
            done in prop::collection::vec(any::<bool>(), 60),
        ) {
            let inputs: Vec<String> = inputs.into_iter().map(|name| name + ".parquet").collect();
            let results: Vec<String> = inputs.iter().zip(&done)
                .filter(|(_, done)| **done)
                .map(|(key, _)| result_key(key))
                .collect();
            let mut expected: Vec<(String, bool)> = inputs.iter().cloned().zip(done).collect();
            let mut found = found(&inputs, &results, "");
            expected.sort();
            found.sort();
            prop_assert_eq!(found, expected);
        }
    }
}
