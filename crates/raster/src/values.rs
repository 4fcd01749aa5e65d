//! The numbers that rasters have.

/// The numbers of a picture.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // The names say it all.
pub enum Values {
    U8(Vec<u8>),
    I8(Vec<i8>),
    U16(Vec<u16>),
    I16(Vec<i16>),
    U32(Vec<u32>),
    I32(Vec<i32>),
    F32(Vec<f32>),
    F64(Vec<f64>),
}

/// Runs an expression on the vector inside a [`Values`], whatever its type.
#[macro_export]
#[doc(hidden)]
macro_rules! with_values {
    ($values:expr, $vector:ident => $body:expr) => {
        match $values {
            $crate::Values::U8($vector) => $body,
            $crate::Values::I8($vector) => $body,
            $crate::Values::U16($vector) => $body,
            $crate::Values::I16($vector) => $body,
            $crate::Values::U32($vector) => $body,
            $crate::Values::I32($vector) => $body,
            $crate::Values::F32($vector) => $body,
            $crate::Values::F64($vector) => $body,
        }
    };
}

/// The same, giving back a [`Values`] of the same type.
#[macro_export]
#[doc(hidden)]
macro_rules! map_values {
    ($values:expr, $vector:ident => $body:expr) => {
        match $values {
            $crate::Values::U8($vector) => $crate::Values::U8($body),
            $crate::Values::I8($vector) => $crate::Values::I8($body),
            $crate::Values::U16($vector) => $crate::Values::U16($body),
            $crate::Values::I16($vector) => $crate::Values::I16($body),
            $crate::Values::U32($vector) => $crate::Values::U32($body),
            $crate::Values::I32($vector) => $crate::Values::I32($body),
            $crate::Values::F32($vector) => $crate::Values::F32($body),
            $crate::Values::F64($vector) => $crate::Values::F64($body),
        }
    };
}

/// A number that a raster can hold.
pub trait Value: bytemuck::Pod + PartialEq + Send + Sync {
    /// Bits of one value.
    const BITS: u16;
    /// Whether it is an integer.
    const IS_INTEGER: bool;
    /// As a wide float, exact for every type here.
    fn to_f64(self) -> f64;
    /// The nearest value of this type: integers are rounded half up and held within their range.
    fn from_f64(value: f64) -> Self;
    /// This very number, where the type holds it; floats take the nearest.
    fn exactly(number: f64) -> Option<Self>;
    /// The nearest other number, for one that must not be this one: below it, above it where there is none.
    fn neighbour(self) -> Self;
    /// The value whose bytes in memory are this one's bytes, lowest first.
    fn little_endian(self) -> Self;
    /// The same wrapping difference that TIFF's horizontal predictor takes; floats have none.
    fn difference(self, other: Self) -> Self;
}

macro_rules! integer_value {
    ($($type:ty),*) => {$(
        impl Value for $type {
            const BITS: u16 = <$type>::BITS as u16;
            const IS_INTEGER: bool = true;
            fn to_f64(self) -> f64 { f64::from(self) }
            // Rounded down without a call of the floor function; the casts saturate and turn NaN into 0.
            fn from_f64(value: f64) -> Self {
                let raised = value + 0.5;
                let towards_zero = raised as i64;
                let whole = towards_zero.saturating_sub(i64::from(towards_zero as f64 > raised));
                whole.clamp(<$type>::MIN.into(), <$type>::MAX.into()) as $type
            }
            fn exactly(number: f64) -> Option<Self> {
                let held = number as $type;
                (f64::from(held) == number).then_some(held)
            }
            fn neighbour(self) -> Self { self.checked_sub(1).unwrap_or(self.wrapping_add(1)) }
            fn little_endian(self) -> Self { self.to_le() }
            fn difference(self, other: Self) -> Self { self.wrapping_sub(other) }
        }
    )*};
}
integer_value!(u8, i8, u16, i16, u32, i32);

macro_rules! float_value {
    ($($type:ty),*) => {$(
        impl Value for $type {
            const BITS: u16 = (size_of::<$type>() * 8) as u16;
            const IS_INTEGER: bool = false;
            fn to_f64(self) -> f64 { f64::from(self) }
            fn from_f64(value: f64) -> Self { value as $type }
            fn exactly(number: f64) -> Option<Self> { (!number.is_nan()).then_some(number as $type) }
            fn neighbour(self) -> Self {
                let below = self.next_down();
                if below.is_finite() { below } else { self.next_up() }
            }
            fn little_endian(self) -> Self { Self::from_bits(self.to_bits().to_le()) }
            fn difference(self, _other: Self) -> Self { self }
        }
    )*};
}
float_value!(f32, f64);

impl Values {
    /// Numbers in all.
    pub fn len(&self) -> usize {
        with_values!(self, values => values.len())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every number as a wide float.
    pub fn to_f64(&self) -> Vec<f64> {
        with_values!(self, values => values.iter().map(|value| value.to_f64()).collect())
    }

    /// `NumPy`'s name of the type, such as `uint8`.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::U8(_) => "uint8",
            Self::I8(_) => "int8",
            Self::U16(_) => "uint16",
            Self::I16(_) => "int16",
            Self::U32(_) => "uint32",
            Self::I32(_) => "int32",
            Self::F32(_) => "float32",
            Self::F64(_) => "float64",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_is_half_up_and_held_within_the_type() {
        assert_eq!(
            [
                u8::from_f64(0.5),
                u8::from_f64(2.49),
                u8::from_f64(-3.0),
                u8::from_f64(1e9)
            ],
            [1, 2, 0, 255]
        );
        assert_eq!(i16::from_f64(-1.5), -1);
    }
}
