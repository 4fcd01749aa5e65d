//! The frame of a JPEG file: its size and where its scan begins, read without decoding.

/// What the markers before the first scan say (ITU-T T.81, annex B).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct JpegFrame {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Components: 1 grey, 3 colour, 4 CMYK.
    pub(super) components: u32,
    /// First byte of entropy-coded data.
    pub(super) scan: usize,
}

/// Walks the markers. `None` where the file ends, or stops making sense, before its scan.
pub(super) fn frame(bytes: &[u8]) -> Option<JpegFrame> {
    let mut at = 2;
    let mut size = None;
    loop {
        if *bytes.get(at)? != 0xFF {
            return None;
        }
        let marker = *bytes.get(at + 1)?;
        if marker == 0xFF {
            // Fill bytes may precede any marker.
            at += 1;
            continue;
        }
        let length = usize::from(u16::from_be_bytes([
            *bytes.get(at + 2)?,
            *bytes.get(at + 3)?,
        ]));
        let segment = bytes.get(at + 4..at + 2 + length.max(2))?;
        match marker {
            // Start of frame; C4, C8 and CC are tables.
            0xC0..=0xCF if !matches!(marker, 0xC4 | 0xC8 | 0xCC) => {
                let &[_, h1, h0, w1, w0, components, ..] = segment else {
                    return None;
                };
                size = Some((
                    u32::from_be_bytes([0, 0, w1, w0]),
                    u32::from_be_bytes([0, 0, h1, h0]),
                    components,
                ));
            }
            0xDA => {
                let (width, height, components) = size?;
                return Some(JpegFrame {
                    width,
                    height,
                    components: components.into(),
                    scan: at + 2 + length,
                });
            }
            _ => {}
        }
        at += 2 + length;
    }
}

/// Whether the end marker stands behind the scan. Inside a scan 0xFF is always escaped, so the
/// marker found there is the real one.
pub(super) fn is_whole(bytes: &[u8], scan: usize) -> bool {
    bytes
        .get(scan..)
        .is_some_and(|data| data.windows(2).rev().any(|pair| pair == [0xFF, 0xD9]))
}
