//! What a band is.

use std::fmt;

/// What the numbers of a band are, as far as its file says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Role {
    /// Nobody says.
    #[default]
    Unknown,
    /// One band of brightness.
    Grey,
    /// Red light.
    Red,
    /// Green light.
    Green,
    /// Blue light.
    Blue,
    /// Near infrared light.
    NearInfrared,
    /// Whether there is anything: 0 is nothing.
    Alpha,
    /// Numbers of classes, not amounts.
    Class,
}

impl Role {
    /// The role that a band's name, or GDAL's word for its colour, tells.
    pub fn of_name(name: impl AsRef<str>) -> Option<Self> {
        Some(match name.as_ref().trim().to_ascii_lowercase().as_str() {
            "gray" | "grey" => Self::Grey,
            "red" => Self::Red,
            "green" => Self::Green,
            "blue" => Self::Blue,
            "nir" | "near infrared" | "near-infrared" | "nearinfrared" => Self::NearInfrared,
            "alpha" => Self::Alpha,
            "palette" => Self::Class,
            _ => return None,
        })
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "unknown",
            Self::Grey => "grey",
            Self::Red => "red",
            Self::Green => "green",
            Self::Blue => "blue",
            Self::NearInfrared => "nir",
            Self::Alpha => "alpha",
            Self::Class => "class",
        })
    }
}
