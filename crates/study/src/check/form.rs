//! Whether a study has the form that its JSON Schema states: every mistake, with its line, in plain words.

use std::sync::LazyLock;

use serde_json::Value;

use super::Mistake;
use super::document::{Document, Found, Node};

/// The schema of a study, as it is published too.
static SCHEMA: LazyLock<Value> = LazyLock::new(|| schemars::schema_for!(crate::Study).to_value());

/// All mistakes of form. A document without any can be read.
pub(super) fn mistakes(document: &Document) -> Vec<Mistake> {
    let mut walk = Walk {
        root: &SCHEMA,
        mistakes: Vec::new(),
    };
    walk.check(&SCHEMA, &document.0, "", document.0.line);
    walk.mistakes
}

struct Walk<'a> {
    root: &'a Value,
    mistakes: Vec<Mistake>,
}

impl<'a> Walk<'a> {
    fn note(&mut self, line: Option<usize>, what: String) {
        self.mistakes.push(Mistake { line, what });
    }

    /// The schema that a reference stands for, and the name it has.
    fn resolve(&self, schema: &'a Value) -> (&'a Value, Option<&'a str>) {
        let reference = schema.get("$ref").and_then(Value::as_str);
        let name = reference.and_then(|text| text.strip_prefix("#/$defs/"));
        match name.and_then(|name| self.root.get("$defs")?.get(name)) {
            Some(target) => (target, name),
            None => (schema, None),
        }
    }

    /// `line` is the key's: a value that goes over several lines is told where it begins.
    fn check(&mut self, schema: &'a Value, node: &Node, path: &str, line: Option<usize>) {
        let (schema, name) = self.resolve(schema);
        if name == Some("SecretName") {
            return self.check_secret(node, path, line);
        }
        if let Some(choices) = choices(schema) {
            return self.check_choices(choices, node, path, line);
        }
        if let Some(words) = words(schema) {
            return self.check_word(&words, node, path, line);
        }
        let kinds = kinds(schema);
        let fits = match &node.found {
            Found::Nothing => kinds.contains(&"null"),
            Found::Truth(_) => kinds.contains(&"boolean"),
            Found::Whole(whole) if kinds.contains(&"integer") => {
                return self.check_range(schema, *whole, path, line);
            }
            Found::Whole(_) => kinds.contains(&"number"),
            Found::Number(number) => kinds.contains(&"number") && number.is_finite(),
            Found::Text(_) => kinds.contains(&"string"),
            Found::Time(_) => false,
            Found::List(_) => kinds.contains(&"array"),
            Found::Table(_) => kinds.contains(&"object"),
        };
        if !fits && !kinds.is_empty() {
            let expected = expected(schema);
            return self.note(
                line,
                format!("{path} is {}: expected {expected}", shown(&node.found)),
            );
        }
        match &node.found {
            Found::List(items) => {
                if let Some(of) = schema.get("items") {
                    for (number, item) in items.iter().enumerate() {
                        self.check(of, item, &format!("{path}[{}]", number + 1), item.line);
                    }
                }
            }
            Found::Table(_) => self.check_table(schema, node, path, line),
            _ => {}
        }
    }

    fn check_range(&mut self, schema: &Value, whole: i128, path: &str, line: Option<usize>) {
        let (low, high) = range(schema);
        if low.is_some_and(|low| whole < low) || high.is_some_and(|high| whole > high) {
            self.note(
                line,
                format!("{path} is {whole}: expected {}", expected(schema)),
            );
        }
    }

    /// The text may well be a key pasted by mistake, so it is not repeated.
    fn check_secret(&mut self, node: &Node, path: &str, line: Option<usize>) {
        let named = match &node.found {
            Found::Text(text) => imagery::SecretName::try_from(text.clone()).map(|_| ()),
            _ => imagery::SecretName::try_from(String::new()).map(|_| ()),
        };
        if let Err(problem) = named {
            self.note(line, format!("{path}: {problem}"));
        }
    }

    fn check_word(&mut self, words: &[&str], node: &Node, path: &str, line: Option<usize>) {
        match &node.found {
            Found::Text(text) if words.contains(&text.as_str()) => {}
            Found::Text(text) => {
                let known: Vec<&str> = words.to_vec();
                self.note(
                    line,
                    format!("{path} is \"{text}\": {}", hint(text, &known)),
                );
            }
            other => {
                let text = format!(
                    "{path} is {}: expected one of {}",
                    shown(other),
                    listed(words)
                );
                self.note(line, text);
            }
        }
    }

    fn check_choices(
        &mut self,
        choices: &'a [Value],
        node: &Node,
        path: &str,
        line: Option<usize>,
    ) {
        let choices: Vec<&'a Value> = choices
            .iter()
            .map(|choice| self.resolve(choice).0)
            .filter(|choice| kinds(choice) != ["null"])
            .collect();
        if matches!(node.found, Found::Nothing) {
            return;
        }
        if let [only] = choices.as_slice() {
            return self.check(only, node, path, line);
        }
        let is_table = matches!(node.found, Found::Table(_));
        let tagged: Vec<(&str, &'a Value)> = choices
            .iter()
            .filter_map(|choice| Some((tag(choice)?, *choice)))
            .collect();
        if is_table && !tagged.is_empty() && tagged.len() == choices.len() {
            return self.check_kind(&tagged, node, path, line);
        }
        let mut fewest: Option<Vec<Mistake>> = None;
        for choice in choices.iter().filter(|choice| self.is_like(choice, node)) {
            let mut walk = Walk {
                root: self.root,
                mistakes: Vec::new(),
            };
            walk.check(choice, node, path, line);
            if walk.mistakes.is_empty() {
                return;
            }
            if fewest
                .as_ref()
                .is_none_or(|fewest| walk.mistakes.len() < fewest.len())
            {
                fewest = Some(walk.mistakes);
            }
        }
        match fewest {
            Some(mistakes) => self.mistakes.extend(mistakes),
            None => {
                let expected: Vec<String> = choices.iter().map(|choice| expected(choice)).collect();
                let text = format!(
                    "{path} is {}: expected {}",
                    shown(&node.found),
                    expected.join(", or ")
                );
                self.note(line, text);
            }
        }
    }

    /// Whether a value could be meant as this choice: a text as one of texts, a table as one of tables.
    fn is_like(&self, choice: &'a Value, node: &Node) -> bool {
        let inner = choices(choice).map(|inner| inner.iter().map(|one| self.resolve(one).0));
        if let Some(mut inner) = inner {
            return inner.any(|one| self.is_like(one, node));
        }
        let kinds = kinds(choice);
        let of = |names: &[&str]| names.iter().any(|name| kinds.contains(name));
        match &node.found {
            Found::Nothing => of(&["null"]),
            Found::Truth(_) => of(&["boolean"]),
            Found::Whole(_) | Found::Number(_) => of(&["integer", "number"]),
            Found::Text(_) | Found::Time(_) => of(&["string"]),
            Found::List(_) => of(&["array"]),
            Found::Table(_) => of(&["object"]),
        }
    }

    /// Tables that a key `kind` tells apart.
    fn check_kind(
        &mut self,
        tagged: &[(&str, &'a Value)],
        node: &Node,
        path: &str,
        line: Option<usize>,
    ) {
        let known: Vec<&str> = tagged.iter().map(|(kind, _)| *kind).collect();
        let Some(entry) = node.entry("kind") else {
            return self.note(
                line,
                format!("{path}.kind is missing: expected one of {}", listed(&known)),
            );
        };
        let chosen = match &entry.node.found {
            Found::Text(kind) => tagged.iter().find(|(known, _)| known == kind),
            _ => None,
        };
        match (chosen, &entry.node.found) {
            (Some((_, schema)), _) => self.check_table(schema, node, path, line),
            (None, Found::Text(kind)) => {
                let text = format!("{path}.kind is \"{kind}\": {}", hint(kind, &known));
                self.note(entry.line, text);
            }
            (None, other) => {
                let text = format!(
                    "{path}.kind is {}: expected one of {}",
                    shown(other),
                    listed(&known)
                );
                self.note(entry.line, text);
            }
        }
    }

    fn check_table(&mut self, schema: &'a Value, node: &Node, path: &str, line: Option<usize>) {
        let Found::Table(entries) = &node.found else {
            return;
        };
        let below = |key: &str| match path {
            "" => key.to_owned(),
            path => format!("{path}.{key}"),
        };
        let properties = schema.get("properties").and_then(Value::as_object);
        let open = schema.get("additionalProperties").and_then(Value::as_bool) != Some(false);
        let known: Vec<&str> = properties
            .map(|properties| properties.keys().map(String::as_str).collect())
            .unwrap_or_default();
        let unset: Vec<&str> = known
            .iter()
            .copied()
            .filter(|name| node.entry(name).is_none())
            .collect();
        let mut meant = Vec::new();
        for entry in entries {
            match properties.and_then(|properties| properties.get(&entry.key)) {
                Some(property) => self.check(property, &entry.node, &below(&entry.key), entry.line),
                None if open => {}
                None => {
                    // What is set already was hardly meant once more.
                    let close = closest(&entry.key, &unset);
                    meant.extend(close);
                    let text = match close {
                        Some(close) => {
                            format!("unknown key {}: did you mean {close}?", below(&entry.key))
                        }
                        None => format!(
                            "unknown key {}: expected one of {}",
                            below(&entry.key),
                            listed(&known)
                        ),
                    };
                    self.note(entry.line, text);
                }
            }
        }
        let required = schema.get("required").and_then(Value::as_array);
        let required = required.into_iter().flatten().filter_map(Value::as_str);
        for name in required.filter(|name| node.entry(name).is_none() && !meant.contains(name)) {
            let what = properties
                .and_then(|properties| properties.get(name))
                .map(|property| self.resolve(property).0);
            let is_table =
                what.is_some_and(|schema| choices(schema).is_some() || kinds(schema) == ["object"]);
            let text = match is_table {
                true => format!("[{}] is missing", below(name)),
                false => format!("{} is missing", below(name)),
            };
            self.note(line, text);
        }
    }
}

fn choices(schema: &Value) -> Option<&[Value]> {
    let choices = schema
        .get("anyOf")
        .or_else(|| schema.get("oneOf"))?
        .as_array()?;
    (!choices.iter().all(|choice| choice.get("const").is_some())).then_some(choices)
}

/// The words of an enumeration, those that are accepted besides included.
fn words(schema: &Value) -> Option<Vec<&str>> {
    if let Some(words) = schema.get("enum").and_then(Value::as_array) {
        return words.iter().map(Value::as_str).collect();
    }
    let choices = schema.get("oneOf")?.as_array()?;
    let mut words = choices
        .iter()
        .map(|choice| choice.get("const")?.as_str())
        .collect::<Option<Vec<&str>>>()?;
    let also = choices
        .iter()
        .filter_map(|choice| choice.get("alsoAccepted")?.as_array());
    words.extend(also.flatten().filter_map(Value::as_str));
    Some(words)
}

/// The `kind` that a table must have to be this one.
fn tag(schema: &Value) -> Option<&str> {
    schema
        .get("properties")?
        .get("kind")?
        .get("const")?
        .as_str()
}

fn kinds(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(kind)) => vec![kind],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn range(schema: &Value) -> (Option<i128>, Option<i128>) {
    let bound = |name: &str| Some(schema.get(name)?.as_i64()?.into());
    let by_type = match schema.get("format").and_then(Value::as_str) {
        Some("uint32") => Some(i128::from(u32::MAX)),
        Some("uint64" | "uint") => Some(i128::from(u64::MAX)),
        Some("int64" | "int") => Some(i128::from(i64::MAX)),
        _ => None,
    };
    (bound("minimum"), bound("maximum").or(by_type))
}

/// What a schema asks for, in words.
fn expected(schema: &Value) -> String {
    if let Some(words) = words(schema) {
        return format!("one of {}", listed(&words));
    }
    if let Some(choices) = choices(schema) {
        let each: Vec<String> = choices.iter().map(expected).collect();
        return each.join(", or ");
    }
    match kinds(schema).first() {
        Some(&"boolean") => "true or false".to_owned(),
        Some(&"integer") => match range(schema) {
            (Some(low), Some(high)) if high <= i128::from(u16::MAX) => {
                format!("a whole number from {low} to {high}")
            }
            (Some(low), _) => format!("a whole number of at least {low}"),
            _ => "a whole number".to_owned(),
        },
        Some(&"number") => "a number".to_owned(),
        Some(&"string") => "a text in quotation marks".to_owned(),
        Some(&"array") => "a list in brackets".to_owned(),
        Some(&"object") => "a table of keys".to_owned(),
        _ => "something else".to_owned(),
    }
}

fn shown(found: &Found) -> String {
    match found {
        Found::Nothing => "nothing".to_owned(),
        Found::Truth(truth) => truth.to_string(),
        Found::Whole(whole) => whole.to_string(),
        Found::Number(number) if number.is_nan() => "not a number (nan)".to_owned(),
        Found::Number(number) if number.is_infinite() => "too large a number".to_owned(),
        Found::Number(number) => number.to_string(),
        Found::Text(text) => format!("the text \"{text}\""),
        Found::Time(time) => format!("the time {time}"),
        Found::List(_) => "a list".to_owned(),
        Found::Table(_) => "a table".to_owned(),
    }
}

fn hint(text: &str, known: &[&str]) -> String {
    match closest(text, known) {
        Some(close) => format!(
            "did you mean \"{close}\"? One of {} is expected",
            listed(known)
        ),
        None => format!("expected one of {}", listed(known)),
    }
}

fn listed(names: &[&str]) -> String {
    names.join(", ")
}

/// The name that was probably meant.
pub(crate) fn closest<'a>(text: &str, known: &[&'a str]) -> Option<&'a str> {
    let text = text.to_lowercase();
    let near = known.iter().map(|name| {
        let lower = name.to_lowercase();
        let distance = strsim::damerau_levenshtein(&text, &lower);
        let begins = lower.starts_with(&text) || text.starts_with(&lower);
        (if begins { distance.min(2) } else { distance }, *name)
    });
    let allowed = 1 + text.chars().count() / 4;
    near.filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, name)| name)
}
