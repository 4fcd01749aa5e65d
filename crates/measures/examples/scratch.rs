use measures::*;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;
fn main() {
    for (name, cs) in [("rgb", ColorSpace::RGB), ("ycbcr", ColorSpace::YCbCr)] {
        for intr in [true, false] {
            let mut out = vec![0u8; 768 * 1024 * 3];
            for k in 0..12usize {
                let b = std::fs::read(format!("/tmp/mw/tiles/{k}.jpg")).unwrap();
                let mut o = DecoderOptions::default().jpeg_set_out_colorspace(cs);
                if !intr {
                    o = o.set_use_unsafe(false);
                }
                let mut d = zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(&b), o);
                let mut v = d.decode().unwrap();
                if name == "ycbcr" {
                    for p in v.chunks_exact_mut(3) {
                        let (y, cb, cr) = (p[0] as f32, p[1] as f32 - 128., p[2] as f32 - 128.);
                        let l = |v: f32| (v + 0.5).floor() as u8;
                        p.copy_from_slice(&[
                            l(y + 1.402 * cr),
                            l(y - 0.344136 * cb - 0.714136 * cr),
                            l(y + 1.772 * cb),
                        ]);
                    }
                }
                if k == 0 {
                    println!("{:?}", &v[..12]);
                }
                let (ty, tx) = (k / 4, k % 4);
                for r in 0..256 {
                    let dst = ((ty * 256 + r) * 1024 + tx * 256) * 3;
                    out[dst..dst + 768].copy_from_slice(&v[r * 768..r * 768 + 768]);
                }
                std::fs::write(format!("/tmp/mw/tiles/{name}{k}.raw"), &v).unwrap();
            }
            let mut crop = vec![];
            for r in 0..600 {
                crop.extend_from_slice(&out[r * 3072..r * 3072 + 875 * 3]);
            }
            let p = Picture::from_bands8(875, 600, 3, &crop).unwrap();
            println!(
                "{name} unsafe={intr} {}",
                measure(&p, &["green".parse().unwrap()])[0].unwrap() * 525000.
            );
        }
    }
}
