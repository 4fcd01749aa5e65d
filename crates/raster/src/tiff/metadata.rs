//! GDAL's own tag of metadata, XML: names of bands, and what they are.

use crate::Role;

/// The text of an item of a band with a role, such as `description` or `colorinterp`.
fn item(metadata: &str, band: usize, role: &str) -> Option<String> {
    metadata.split("<Item ").find_map(|item| {
        let (attributes, rest) = item.split_once('>')?;
        let fits = attributes.contains(&format!("role=\"{role}\""))
            && attributes.contains(&format!("sample=\"{band}\""));
        let (text, _) = fits.then_some(rest)?.split_once("</Item>")?;
        // GDAL escapes the text of an item and then the XML around it.
        Some(unescaped(&unescaped(text)))
    })
}

/// The descriptions of the bands, where every band has one.
pub(super) fn band_names(metadata: &str, bands: u16) -> Vec<String> {
    let names: Vec<String> = (0..usize::from(bands))
        .map_while(|band| item(metadata, band, "description"))
        .collect();
    if names.len() == usize::from(bands) {
        names
    } else {
        Vec::new()
    }
}

/// What GDAL says that a band is.
pub(super) fn role(metadata: &str, band: usize) -> Option<Role> {
    let said = item(metadata, band, "colorinterp")?;
    Some(Role::of_name(&said).unwrap_or_default())
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&amp;", "&")
}
