//! The bytes of a file, of which perhaps only parts are there yet.
//!
//! Reading directories of a file that lies elsewhere goes in rounds: parse what is there, learn which
//! range is missing, fetch it, parse again. So the parser waits for nothing and knows no network.

use std::borrow::Cow;
use std::ops::Range;

use crate::Error;

/// Why parsing stopped.
#[derive(Debug, Clone, PartialEq)]
pub enum Stop {
    /// These bytes have to be there first.
    Need(Range<u64>),
    /// The file cannot be read.
    Fault(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Fault(error)
    }
}

/// The bytes of a file.
pub trait Source {
    /// Bytes of a range, all of them.
    ///
    /// # Errors
    /// [`Stop::Need`] where they are not there yet, [`Stop::Fault`] where the file ends before them.
    fn get(&self, range: Range<u64>) -> Result<Cow<'_, [u8]>, Stop>;
}

fn cut_short() -> Stop {
    Stop::Fault(Error::unreadable("tiff", "a file that is cut short"))
}

impl Source for &[u8] {
    fn get(&self, range: Range<u64>) -> Result<Cow<'_, [u8]>, Stop> {
        let place = usize::try_from(range.start)
            .ok()
            .zip(usize::try_from(range.end).ok());
        let bytes = place.and_then(|(start, end)| (*self).get(start..end));
        bytes.map(Cow::Borrowed).ok_or_else(cut_short)
    }
}

/// Bytes read at once at the beginning of a file, and the least elsewhere.
const AT_ONCE: u64 = 32 << 10;
/// Most bytes of directories that a file may have.
const MOST: u64 = 128 << 20;

/// A file of which some ranges are there.
#[derive(Debug, Default)]
pub struct Ranges {
    chunks: Vec<(u64, Vec<u8>)>,
    /// Where the file ends, once a range came back short.
    end: Option<u64>,
}

impl Ranges {
    /// What to fetch for a range that is missing: more than asked for, since what follows is usually
    /// wanted next, and more each time.
    ///
    /// # Errors
    /// [`Error::Unreadable`] where directories would take more memory than any real file's.
    pub fn to_fetch(&self, needed: Range<u64>) -> Result<Range<u64>, Error> {
        let held: u64 = self
            .chunks
            .iter()
            .map(|(_, bytes)| bytes.len() as u64)
            .sum();
        let length = needed.end.saturating_sub(needed.start);
        if length.saturating_add(held) > MOST {
            let problem = format!("directories of more than {} MiB", MOST >> 20);
            return Err(Error::unreadable("tiff", problem));
        }
        // Joined to a chunk that ends here or shortly before, where there is one.
        let near = self
            .chunks
            .iter()
            .map(|(start, bytes)| start + bytes.len() as u64);
        let start = near
            .filter(|end| {
                *end <= needed.start && needed.start - end <= AT_ONCE || needed.contains(end)
            })
            .max()
            .map_or(needed.start, |end| end.min(needed.start).max(end));
        let length = needed
            .end
            .saturating_sub(start)
            .max(AT_ONCE.max(held.min(1 << 20)));
        Ok(start..start.saturating_add(length))
    }

    /// Puts bytes where they belong; fewer than `range` has mean that the file ends there.
    pub fn insert(&mut self, range: Range<u64>, bytes: &[u8]) {
        let length = range.end.saturating_sub(range.start);
        if (bytes.len() as u64) < length {
            let end = range.start + bytes.len() as u64;
            self.end = Some(self.end.map_or(end, |known| known.min(end)));
        }
        let follows = |(start, held): &&mut (u64, Vec<u8>)| {
            start.saturating_add(held.len() as u64) == range.start
        };
        match self.chunks.iter_mut().find(follows) {
            Some((_, held)) => held.extend_from_slice(bytes),
            None => self.chunks.push((range.start, bytes.to_vec())),
        }
    }
}

impl Source for Ranges {
    fn get(&self, range: Range<u64>) -> Result<Cow<'_, [u8]>, Stop> {
        let inside = self.chunks.iter().find_map(|(start, bytes)| {
            let from = usize::try_from(range.start.checked_sub(*start)?).ok()?;
            let to = usize::try_from(range.end.checked_sub(*start)?).ok()?;
            bytes.get(from..to)
        });
        match inside {
            Some(bytes) => Ok(Cow::Borrowed(bytes)),
            None if self.end.is_some_and(|end| range.end > end) => Err(cut_short()),
            None => Err(Stop::Need(range)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_asked_for_and_then_there() {
        let mut file = Ranges::default();
        assert_eq!(file.get(0..8), Err(Stop::Need(0..8)));
        let fetch = file.to_fetch(0..8).unwrap();
        assert_eq!(fetch, 0..AT_ONCE);
        file.insert(fetch, &[7; 100]);
        assert_eq!(file.get(2..4).unwrap().as_ref(), [7, 7]);
        assert!(matches!(file.get(99..101), Err(Stop::Fault(_))));
    }

    #[test]
    fn far_parts_are_fetched_without_what_lies_between() {
        let mut file = Ranges::default();
        file.insert(0..100, &[0; 100]);
        assert_eq!(
            file.to_fetch(5_000_000..5_000_010).unwrap().start,
            5_000_000
        );
        assert_eq!(file.to_fetch(90..200).unwrap().start, 100);
        assert!(file.to_fetch(0..1 << 40).is_err());
    }
}
