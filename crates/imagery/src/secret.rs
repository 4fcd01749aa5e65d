//! Names of secrets in settings, and their values in memory.
//!
//! A study holds the *place* of a key and never the key. Whoever runs the study looks the value up
//! and hands it over as a [`Secret`], which no `Debug` or `Display` shows.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Error;

/// Where a secret is kept: `env:NAME`, `secret:NAME` (AWS Secrets Manager) or `ssm:/path`
/// (AWS Systems Manager Parameter Store).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = "^(env|secret|ssm):.+$"))]
pub struct SecretName(String);

/// The place that a [`SecretName`] names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretPlace<'a> {
    /// A variable of the environment.
    Env(&'a str),
    /// A name or ARN in AWS Secrets Manager.
    SecretsManager(&'a str),
    /// A parameter of AWS Systems Manager.
    Ssm(&'a str),
}

impl SecretName {
    /// Where to look the value up.
    pub fn place(&self) -> SecretPlace<'_> {
        match self.0.split_once(':') {
            Some(("secret", name)) => SecretPlace::SecretsManager(name),
            Some(("ssm", path)) => SecretPlace::Ssm(path),
            Some((_, name)) => SecretPlace::Env(name),
            None => SecretPlace::Env(&self.0),
        }
    }
}

impl TryFrom<String> for SecretName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("env" | "secret" | "ssm", name)) if !name.trim().is_empty() => Ok(Self(text)),
            // The text may well be a key pasted by mistake, so it is not repeated.
            _ => Err("expected the place of a secret, not the secret itself: \
                      \"env:NAME\", \"secret:NAME\" or \"ssm:/path\""
                .to_owned()),
        }
    }
}

impl From<SecretName> for String {
    fn from(name: SecretName) -> Self {
        name.0
    }
}

impl std::str::FromStr for SecretName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::try_from(text.to_owned())
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A key, token or private key in memory.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a value; white space around it (a line end from a file) is dropped.
    pub fn new(value: impl AsRef<str>) -> Self {
        Self(value.as_ref().trim().to_owned())
    }

    /// The value itself, for the one place that sends or signs it.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// `text` without this value, however it is spelt there: plain, percent-encoded, escaped for HTML or JSON, or in base64.
    pub(crate) fn redact(&self, text: &str) -> String {
        // A header may hold a scheme before the token.
        let token = self.0.rsplit(' ').next().unwrap_or_default();
        if token.is_empty() {
            return text.to_owned();
        }
        spellings(token)
            .iter()
            .filter(|spelling| text.contains(spelling.as_str()))
            .fold(text.to_owned(), |text, spelling| {
                text.replace(spelling, "***")
            })
    }
}

/// How a token may be written, the longest first.
fn spellings(token: &str) -> Vec<String> {
    let escaped = |escape: fn(char) -> Option<String>| -> String {
        token
            .chars()
            .map(|c| escape(c).unwrap_or_else(|| c.to_string()))
            .collect()
    };
    let percent: String = url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
    let everything: String = token.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let html = |c: char| {
        let name = match c {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            '"' => "&quot;",
            '\'' => "&#39;",
            _ => return None,
        };
        Some(name.to_owned())
    };
    let html_by_number = |c: char| (!c.is_alphanumeric()).then(|| format!("&#{};", u32::from(c)));
    let html_by_hex = |c: char| (!c.is_alphanumeric()).then(|| format!("&#x{:X};", u32::from(c)));
    let json = |c: char| match c {
        '/' | '"' | '\\' => Some(format!("\\{c}")),
        _ => None,
    };
    let json_by_number =
        |c: char| (!c.is_alphanumeric()).then(|| format!("\\u{:04x}", u32::from(c)));
    let mut spellings = vec![
        percent.replace('+', "%20"),
        percent.to_lowercase(),
        everything.to_lowercase(),
        everything,
        escaped(html),
        escaped(html_by_number),
        escaped(html_by_hex).to_lowercase(),
        escaped(html_by_hex),
        escaped(json),
        escaped(json_by_number),
        escaped(json_by_number).to_uppercase().replace("\\U", "\\u"),
        percent,
        token.to_owned(),
    ];
    spellings.extend(in_base64(token.as_bytes()));
    spellings.retain(|spelling| !spelling.is_empty());
    spellings.sort_by_key(|spelling| std::cmp::Reverse(spelling.len()));
    spellings.dedup();
    spellings
}

/// The characters that stand for a token within any text in base64: those that no neighbour takes part in.
fn in_base64(token: &[u8]) -> Vec<String> {
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
    if token.len() < 6 {
        return Vec::new();
    }
    (0..3_usize)
        .flat_map(|before| {
            let bytes: Vec<u8> = std::iter::repeat_n(0, before)
                .chain(token.iter().copied())
                .collect();
            let whole = bytes.len() * 8 / 6;
            let first = (before * 8).div_ceil(6);
            [
                STANDARD_NO_PAD.encode(&bytes),
                URL_SAFE_NO_PAD.encode(&bytes),
            ]
            .map(|text| text.get(first..whole).unwrap_or_default().to_owned())
        })
        .collect()
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The values of the secrets that a source names.
#[derive(Clone, Debug, Default)]
pub struct Secrets(BTreeMap<SecretName, Secret>);

impl Secrets {
    /// Adds the value of one secret.
    pub fn insert(&mut self, name: SecretName, value: Secret) {
        self.0.insert(name, value);
    }

    pub(crate) fn get(&self, setting: &'static str, name: &SecretName) -> Result<Secret, Error> {
        match self.0.get(name) {
            Some(secret) if !secret.0.is_empty() => Ok(secret.clone()),
            _ => Err(Error::MissingSecret {
                setting,
                name: name.to_string(),
            }),
        }
    }

    pub(crate) fn get_optional(
        &self,
        setting: &'static str,
        name: Option<&SecretName>,
    ) -> Result<Option<Secret>, Error> {
        name.map(|name| self.get(setting, name)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_where_the_value_is() {
        let cases = [
            ("env:MAPBOX_TOKEN", SecretPlace::Env("MAPBOX_TOKEN")),
            (
                "secret:transect/mapbox",
                SecretPlace::SecretsManager("transect/mapbox"),
            ),
            ("ssm:/transect/mapbox", SecretPlace::Ssm("/transect/mapbox")),
        ];
        for (text, place) in cases {
            assert_eq!(text.parse::<SecretName>().unwrap().place(), place);
        }
    }

    #[test]
    fn a_key_pasted_in_place_of_its_name_is_refused_without_being_repeated() {
        let error = serde_json::from_str::<SecretName>("\"pk.eyJ1IjoiYWJj\"")
            .unwrap_err()
            .to_string();
        assert!(error.contains("env:NAME"), "{error}");
        assert!(!error.contains("eyJ1"), "{error}");
        assert!("env: ".parse::<SecretName>().is_err());
    }

    #[test]
    fn a_secret_never_shows_its_value() {
        let mut secrets = Secrets::default();
        secrets.insert("env:KEY".parse().unwrap(), Secret::new("hush\n"));
        assert!(!format!("{secrets:?} {}", Secret::new("hush")).contains("hush"));
        assert_eq!(
            secrets
                .get("source.key", &"env:KEY".parse().unwrap())
                .unwrap()
                .reveal(),
            "hush"
        );
    }

    #[test]
    fn a_value_is_found_however_it_is_spelt() {
        use base64::Engine;
        use base64::engine::general_purpose::{STANDARD, URL_SAFE};
        let secret = Secret::new("k<&y/7f\"3a0'bc");
        let spelt = [
            "k<&y/7f\"3a0'bc".to_owned(),
            "k%3C%26y%2F7f%223a0%27bc".to_owned(),
            "k%3c%26y%2f7f%223a0%27bc".to_owned(),
            "k&lt;&amp;y/7f&quot;3a0&#39;bc".to_owned(),
            r#"k<&y\/7f\"3a0'bc"#.to_owned(),
            r"k\u003c\u0026y\u002f7f\u00223a0\u0027bc".to_owned(),
            STANDARD.encode("user:k<&y/7f\"3a0'bc"),
            URL_SAFE.encode("usr:k<&y/7f\"3a0'bc!"),
            STANDARD.encode("us:k<&y/7f\"3a0'bc"),
        ];
        for text in spelt {
            let redacted = secret.redact(&format!("wrong key {text} here"));
            assert!(
                redacted.contains("***") && redacted.ends_with(" here"),
                "{text}: {redacted}"
            );
            assert!(
                !redacted.contains("7f") || text.len() > 24,
                "{text}: {redacted}"
            );
        }
        assert_eq!(secret.redact("nothing of it"), "nothing of it");
    }

    #[test]
    fn a_secret_without_a_value_is_named_in_the_error() {
        let error = Secrets::default()
            .get("source.key", &"env:KEY".parse().unwrap())
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "no value for the secret env:KEY that source.key names: set it where the name says"
        );
    }
}
