//! A study as it stands in its file: what every value is and on which line.

use serde_json::Value;
use toml::de::{DeTable, DeValue};

use super::Mistake;

/// What stands at one place of a study.
#[derive(Clone, Debug)]
pub(super) enum Found {
    Nothing,
    Truth(bool),
    Whole(i128),
    Number(f64),
    Text(String),
    Time(String),
    List(Vec<Node>),
    Table(Vec<Entry>),
}

/// A key with its line and its value.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) line: Option<usize>,
    pub(super) node: Node,
}

/// A value with its line, counted from 1; none in JSON.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) line: Option<usize>,
    pub(super) found: Found,
}

impl Node {
    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.found {
            Found::Table(entries) => entries.iter().find(|entry| entry.key == key),
            _ => None,
        }
    }

    /// The line of the deepest key of a dotted path that is there.
    fn line_of(&self, path: &str) -> Option<usize> {
        let mut node = self;
        let mut line = None;
        for name in path.split('.') {
            let Some(entry) = node.entry(name) else { break };
            line = entry.line;
            node = &entry.node;
        }
        line
    }

    /// The line of the first key below this value that has the text.
    fn line_of_text(&self, text: &str) -> Option<usize> {
        let holds = |node: &Node| matches!(&node.found, Found::Text(found) if found == text);
        match &self.found {
            Found::Table(entries) => entries.iter().find_map(|entry| match holds(&entry.node) {
                true => entry.line,
                false => entry.node.line_of_text(text),
            }),
            Found::List(items) => items.iter().find_map(|item| match holds(item) {
                true => item.line,
                false => item.line_of_text(text),
            }),
            _ => None,
        }
    }

    fn json(&self) -> Value {
        match &self.found {
            Found::Nothing => Value::Null,
            Found::Truth(truth) => (*truth).into(),
            Found::Whole(whole) => i64::try_from(*whole).map_or(Value::Null, Value::from),
            Found::Number(number) => (*number).into(),
            Found::Text(text) | Found::Time(text) => text.as_str().into(),
            Found::List(items) => items.iter().map(Self::json).collect(),
            Found::Table(entries) => {
                let entry = |entry: &Entry| (entry.key.clone(), entry.node.json());
                Value::Object(entries.iter().map(entry).collect())
            }
        }
    }

    fn of_json(value: &Value) -> Self {
        let found = match value {
            Value::Null => Found::Nothing,
            Value::Bool(truth) => Found::Truth(*truth),
            Value::String(text) => Found::Text(text.clone()),
            Value::Number(number) => match (number.as_i128(), number.as_f64()) {
                (Some(whole), _) => Found::Whole(whole),
                (None, number) => Found::Number(number.unwrap_or(f64::NAN)),
            },
            Value::Array(items) => Found::List(items.iter().map(Self::of_json).collect()),
            Value::Object(fields) => {
                let entry = |(key, value): (&String, &Value)| Entry {
                    key: key.clone(),
                    line: None,
                    node: Self::of_json(value),
                };
                Found::Table(fields.iter().map(entry).collect())
            }
        };
        Self { line: None, found }
    }
}

/// A whole study as it stands in its file.
#[derive(Clone, Debug)]
pub struct Document(pub(super) Node);

impl Document {
    /// Reads TOML; a mark of byte order is skipped.
    ///
    /// # Errors
    /// What is no TOML, all of it.
    pub fn of_toml(text: &str) -> Result<Self, Vec<Mistake>> {
        let text = without_mark(text);
        if text.trim().is_empty() {
            return Err(vec![Mistake {
                line: None,
                what:
                    "the file is empty: a study has at least name, [plan], [source] and [picture]"
                        .to_owned(),
            }]);
        }
        let (table, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            return Err(errors.iter().map(|error| not_toml(text, error)).collect());
        }
        let lines = Lines::of(text);
        Ok(Self(Node {
            line: None,
            found: lines.table(table.get_ref()),
        }))
    }

    pub(super) fn of_json(value: &Value) -> Self {
        Self(Node::of_json(value))
    }

    /// One part of the study as JSON, where it is there.
    pub(super) fn json(&self, part: &str) -> Option<Value> {
        Some(self.0.entry(part)?.node.json())
    }

    /// A mistake at the setting that its text begins with, such as `picture.size_px`; else at `part`.
    pub(super) fn mistake(&self, part: &str, what: String) -> Mistake {
        let setting: String = what
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))
            .collect();
        let setting = setting.trim_end_matches('.');
        let is_setting =
            setting.split('.').next() == Some(part.split('.').next().unwrap_or_default());
        match is_setting {
            true => Mistake {
                line: self.0.line_of(setting).or_else(|| self.0.line_of(part)),
                what,
            },
            false => Mistake {
                line: self.0.line_of(part),
                what: format!("{part}: {what}"),
            },
        }
    }

    /// A mistake in what a setting names: a column, a file. It stands where `part` has that text, else at the part.
    #[must_use]
    pub fn mistake_about(&self, part: &str, named: &str, what: String) -> Mistake {
        let inside = part
            .split('.')
            .try_fold(&self.0, |node, name| Some(&node.entry(name)?.node));
        Mistake {
            line: inside
                .and_then(|node| node.line_of_text(named))
                .or_else(|| self.0.line_of(part)),
            what,
        }
    }

    /// A mistake at a setting.
    #[must_use]
    pub fn mistake_at(&self, setting: &str, what: String) -> Mistake {
        Mistake {
            line: self.0.line_of(setting),
            what,
        }
    }
}

pub(super) fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Where lines begin.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(at, _)| at + 1).collect())
    }

    fn line(&self, offset: usize) -> Option<usize> {
        Some(1 + self.0.partition_point(|begin| *begin <= offset))
    }

    fn table(&self, table: &DeTable<'_>) -> Found {
        let mut entries: Vec<(usize, Entry)> = table
            .iter()
            .map(|(key, value)| {
                let at = key.span().start;
                let node = Node {
                    line: self.line(value.span().start),
                    found: self.value(value.get_ref()),
                };
                let (key, line) = (key.get_ref().to_string(), self.line(at));
                (at, Entry { key, line, node })
            })
            .collect();
        entries.sort_by_key(|(at, _)| *at);
        Found::Table(entries.into_iter().map(|(_, entry)| entry).collect())
    }

    fn value(&self, value: &DeValue<'_>) -> Found {
        match value {
            DeValue::String(text) => Found::Text(text.to_string()),
            DeValue::Integer(number) => {
                match i128::from_str_radix(number.as_str(), number.radix()) {
                    Ok(whole) => Found::Whole(whole),
                    Err(_) => Found::Number(f64::INFINITY),
                }
            }
            DeValue::Float(number) => Found::Number(number.as_str().parse().unwrap_or(f64::NAN)),
            DeValue::Boolean(truth) => Found::Truth(*truth),
            DeValue::Datetime(time) => Found::Time(time.to_string()),
            DeValue::Array(items) => {
                let item = |item: &toml::Spanned<DeValue<'_>>| Node {
                    line: self.line(item.span().start),
                    found: self.value(item.get_ref()),
                };
                Found::List(items.iter().map(item).collect())
            }
            DeValue::Table(table) => self.table(table),
        }
    }
}

/// What the TOML reader says, on one line and with a word of help.
fn not_toml(text: &str, error: &toml::de::Error) -> Mistake {
    let at = error.span().map_or(0, |span| span.start);
    let line = Lines::of(text).line(at);
    let written = text.lines().nth(line.unwrap_or(1) - 1).unwrap_or_default();
    let said = error
        .message()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    let value = written
        .split_once('=')
        .map_or("", |(_, value)| value.trim());
    let digits_and_comma =
        value.contains(',') && value.chars().all(|c| c.is_ascii_digit() || c == ',');
    let help = if digits_and_comma {
        format!(" (a decimal point is a point: {})", value.replace(',', "."))
    } else if value.matches('"').count() == 1 {
        " (a text ends with a quotation mark, on its own line)".to_owned()
    } else if value.starts_with(|c: char| c.is_alphabetic()) && !value.contains('"') {
        " (a text stands in quotation marks)".to_owned()
    } else {
        String::new()
    };
    Mistake {
        line,
        what: format!("not TOML: {said}{help}: {}", written.trim()),
    }
}
