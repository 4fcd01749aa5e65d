//! Addresses in settings.

use url::Url;

use crate::Error;

/// An address of a service, checked.
pub(super) fn service_url(setting: &str, text: &str) -> Result<Url, Error> {
    let fault = || {
        Error::setting(
            setting,
            format!("\"{text}\""),
            "an address that begins with https:// or http://",
        )
    };
    let url = Url::parse(text).map_err(|_| fault())?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(fault());
    }
    if !url.username().is_empty() || url.password().is_some() {
        // The text is not repeated: it holds a password.
        return Err(Error::setting(
            setting,
            "an address with a user or password",
            "an address without; put the key's place into key",
        ));
    }
    Ok(url)
}

/// `base` with path segments appended; a closing slash of the base does not matter.
pub(super) fn below(base: &Url, segments: &[&str]) -> Url {
    let mut url = base.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

/// A number as it stands in an address: no exponent, at most `digits` decimals, none in vain.
pub(super) fn decimals(number: f64, digits: usize) -> String {
    let text = format!("{number:.digits$}");
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    if text == "-0" {
        "0".to_owned()
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_of_the_web_and_holds_no_password() {
        assert!(service_url("source.url", "https://wms.test/cgi?map=a").is_ok());
        for text in [
            "wms.test",
            "ftp://wms.test",
            "https://",
            "https://user:hush@wms.test",
        ] {
            let message = service_url("source.url", text).unwrap_err().to_string();
            assert!(
                message.starts_with("source.url is ") && !message.contains("hush"),
                "{message}"
            );
        }
    }

    #[test]
    fn paths_are_joined_whatever_the_closing_slash() {
        for base in ["http://h/a", "http://h/a/"] {
            assert_eq!(
                below(&Url::parse(base).unwrap(), &["b", "c d"]).as_str(),
                "http://h/a/b/c%20d"
            );
        }
    }

    #[test]
    fn numbers_stand_without_idle_zeros() {
        let cases = [
            (8.5417, 7, "8.5417"),
            (-0.00000001, 7, "0"),
            (100.0, 2, "100"),
            (18.0, 0, "18"),
        ];
        for (number, digits, text) in cases {
            assert_eq!(decimals(number, digits), text);
        }
    }
}
