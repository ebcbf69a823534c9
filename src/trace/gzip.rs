//! The format gzip, in which CloudWatch Logs hands log events over.
//!
//! Source: RFC 1952.

use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec_with_limit;

use crate::source::checksum::crc32;

/// The most bytes that are unpacked. Nothing that a service hands over is larger.
const MAX_BYTES: usize = 16 * 1024 * 1024;

const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];
const HEADER_BYTES: usize = 10;
const TRAILER_BYTES: usize = 8;
const LEVEL: u8 = 6;

const HAS_CHECKSUM: u8 = 1 << 1;
const HAS_EXTRA: u8 = 1 << 2;
const HAS_NAME: u8 = 1 << 3;
const HAS_COMMENT: u8 = 1 << 4;

/// Whether bytes begin as gzip does.
pub fn is_packed(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

/// Bytes as gzip, without a time, so that the same bytes give the same.
pub fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut packed = MAGIC.to_vec();
    packed.extend_from_slice(&[0, 0, 0, 0, 0, 0, 255]);
    packed.extend_from_slice(&compress_to_vec(bytes, LEVEL));
    packed.extend_from_slice(&crc32(bytes).to_le_bytes());
    #[allow(clippy::cast_possible_truncation, reason = "the format takes the length modulo 2^32")]
    packed.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    packed
}

/// What was packed; the reason in words, if it is not gzip.
pub fn unpack(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let broken = || "the end of it is missing".to_owned();
    if !is_packed(bytes) {
        return Err("it is not gzip".to_owned());
    }
    let flags = *bytes.get(3).ok_or_else(broken)?;
    let mut rest = bytes.get(HEADER_BYTES..).ok_or_else(broken)?;
    if flags & HAS_EXTRA != 0 {
        let length = rest.get(..2).ok_or_else(broken)?;
        rest = rest.get(2 + usize::from(u16::from_le_bytes([length[0], length[1]]))..).ok_or_else(broken)?;
    }
    for flag in [HAS_NAME, HAS_COMMENT] {
        if flags & flag != 0 {
            let end = rest.iter().position(|byte| *byte == 0).ok_or_else(broken)?;
            rest = &rest[end + 1..];
        }
    }
    if flags & HAS_CHECKSUM != 0 {
        rest = rest.get(2..).ok_or_else(broken)?;
    }
    let (body, trailer) = rest.split_at_checked(rest.len().wrapping_sub(TRAILER_BYTES)).ok_or_else(broken)?;
    let plain = decompress_to_vec_with_limit(body, MAX_BYTES).map_err(|error| format!("it is broken: {error}"))?;
    if crc32(&plain).to_le_bytes() == trailer[..4] { Ok(plain) } else { Err("its checksum is wrong".to_owned()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{pack, unpack};
    use crate::template::base64;

    #[test]
    fn what_other_programs_pack_is_unpacked() {
        // `printf hello | gzip -c | base64`, with a name in it.
        let packed = base64::decode("H4sICAAAAAAAA2EAy0jNyckHAIamEDYFAAAA").unwrap();
        assert_eq!(unpack(&packed).unwrap(), b"hello");
        assert!(unpack(b"hello").is_err());
        assert!(unpack(&packed[..12]).is_err());
    }

    proptest! {
        #[test]
        fn bytes_come_back(bytes: Vec<u8>) {
            prop_assert_eq!(unpack(&pack(&bytes)).unwrap(), bytes);
        }

        #[test]
        fn nothing_panics(bytes: Vec<u8>, flags: u8) {
            let mut all = vec![0x1f, 0x8b, 8, flags];
            all.extend(bytes);
            let _ = unpack(&all);
        }
    }
}
