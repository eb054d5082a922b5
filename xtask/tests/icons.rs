//! Every icon is what its drawing says. `cargo xtask icons` runs this with `HFSM_WRITE_ICONS` set,
//! which writes the icons anew; so nobody who only starts the program builds a drawing library.
#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use resvg::{
    tiny_skia::{Pixmap, Transform},
    usvg::{Options, Tree},
};

/// The program's icon in the sizes of menus, docks and task bars.
const SIZES: [(&str, u32); 8] = [
    ("16x16.png", 16),
    ("24x24.png", 24),
    ("32x32.png", 32),
    ("48x48.png", 48),
    ("64x64.png", 64),
    ("128x128.png", 128),
    ("256x256.png", 256),
    ("icon.png", 512),
];

/// Windows takes the first one for a window that says nothing.
const ICO_SIZES: [u32; 6] = [32, 16, 24, 48, 64, 256];

const ICNS_SIZES: [u32; 6] = [16, 32, 128, 256, 512, 1024];

/// How much of a macOS icon its tile fills, by Apple's template, against how much ours does.
const MACOS_SCALE: f32 = (824.0 / 1024.0) / (464.0 / 512.0);

const TRAY_STATES: [&str; 4] = ["all-right", "attention", "failing", "offline"];
const TRAY_SIZE: u32 = 64;

/// The panels that a tray icon lies on, and what its drawing looks like there.
const PANELS: [(&str, &str); 2] = [
    ("light", ""),
    ("dark", "svg{color:#f5f5f4} .attention{fill:#fbbf24;stroke:#fbbf24} .failing{fill:#ef4444}"),
];

/// Two machines may round a blended edge differently.
const TOLERANCE: u8 = 8;

#[test]
fn the_icon_is_its_drawing_in_every_size() {
    for (file, size) in SIZES {
        keep_png(file, &draw("icon.svg", "", size, 1.0));
    }
}

#[test]
fn the_tray_icons_are_their_drawings_for_light_and_dark_panels() {
    for state in TRAY_STATES {
        for (panel, style) in PANELS {
            let icon = draw(&format!("tray/{state}.svg"), style, TRAY_SIZE, 1.0);
            keep_png(&format!("tray/{state}-{panel}.png"), &icon);
        }
    }
}

#[test]
fn the_icon_of_windows_is_its_drawing() {
    let drawn = ICO_SIZES.map(|size| draw("icon.svg", "", size, 1.0));
    if is_writing() {
        let mut all = ico::IconDir::new(ico::ResourceType::Icon);
        for image in &drawn {
            let (width, height) = (image.width(), image.height());
            let image = ico::IconImage::from_rgba_data(width, height, straight(image));
            all.add_entry(ico::IconDirEntry::encode_as_png(&image).unwrap());
        }
        all.write(fs::File::create(path("icon.ico")).unwrap()).unwrap();
    }
    let all = ico::IconDir::read(fs::File::open(path("icon.ico")).unwrap()).unwrap();
    assert_eq!(all.entries().len(), drawn.len());
    for (entry, image) in all.entries().iter().zip(&drawn) {
        assert_same("icon.ico", entry.decode().unwrap().rgba_data(), image);
    }
}

#[test]
fn the_icon_of_macos_is_its_drawing() {
    let drawn = ICNS_SIZES.map(|size| draw("icon.svg", "", size, MACOS_SCALE));
    if is_writing() {
        let mut all = icns::IconFamily::new();
        for image in &drawn {
            let (width, height) = (image.width(), image.height());
            let rgba = icns::PixelFormat::RGBA;
            let image = icns::Image::from_data(rgba, width, height, straight(image)).unwrap();
            all.add_icon(&image).unwrap();
        }
        all.write(fs::File::create(path("icon.icns")).unwrap()).unwrap();
    }
    let all = fs::File::open(path("icon.icns")).unwrap();
    let all = icns::IconFamily::read(io::BufReader::new(all)).unwrap();
    for image in &drawn {
        let (width, height) = (image.width(), image.height());
        let kind = icns::IconType::from_pixel_size(width, height).unwrap();
        let kept = all.get_icon_with_type(kind).unwrap();
        assert_same("icon.icns", &kept.convert_to(icns::PixelFormat::RGBA).into_data(), image);
    }
}

#[test]
fn the_states_of_the_tray_differ_by_shape() {
    for (panel, style) in PANELS {
        let shapes = TRAY_STATES.map(|state| {
            let icon = draw(&format!("tray/{state}.svg"), style, 22, 1.0);
            icon.pixels().iter().map(|pixel| pixel.alpha() > 127).collect::<Vec<_>>()
        });
        for (index, shape) in shapes.iter().enumerate() {
            for (other, name) in shapes.iter().zip(TRAY_STATES).skip(index + 1) {
                let differing = shape.iter().zip(other).filter(|(a, b)| a != b).count();
                assert!(differing > 20, "{} and {name} for {panel} panels", TRAY_STATES[index]);
            }
        }
    }
}

/// Draws `file` into a square, where `scale` is how much of the square it fills.
fn draw(file: &str, style: &str, size: u32, scale: f32) -> Pixmap {
    let options = Options { style_sheet: Some(style.to_owned()), ..Options::default() };
    let tree = Tree::from_data(&fs::read(path(file)).unwrap(), &options).unwrap();
    let mut image = Pixmap::new(size, size).unwrap();
    let side = image.width() as f32;
    let factor = side * scale / tree.size().width();
    let margin = side * (1.0 - scale) / 2.0;
    let place = Transform::from_translate(margin, margin).pre_scale(factor, factor);
    resvg::render(&tree, place, &mut image.as_mut());
    image
}

/// Writes `image` where that is asked for, and compares it with what is kept.
fn keep_png(file: &str, image: &Pixmap) {
    if is_writing() {
        fs::write(path(file), image.encode_png().unwrap()).unwrap();
    }
    let kept = fs::read(path(file)).map(|kept| Pixmap::decode_png(&kept).unwrap());
    let kept = kept.unwrap_or_else(|error| panic!("{file}: {error}: run `cargo xtask icons`"));
    assert_eq!((kept.width(), kept.height()), (image.width(), image.height()), "{file}");
    assert_same(file, &straight(&kept), image);
}

fn assert_same(file: &str, kept: &[u8], drawn: &Pixmap) {
    // The colour of what cannot be seen is no part of the picture.
    let seen = |pixel: &[u8]| [0, 1, 2, 3].map(|i| u16::from(pixel[i]) * u16::from(pixel[3]) / 255);
    let drawn = straight(drawn);
    assert_eq!(kept.len(), drawn.len(), "{file} has another size: run `cargo xtask icons`");
    let same = kept.chunks(4).zip(drawn.chunks(4)).all(|(kept, drawn)| {
        let pairs = seen(kept).into_iter().zip(seen(drawn));
        pairs.into_iter().all(|(kept, drawn)| kept.abs_diff(drawn) <= u16::from(TOLERANCE))
    });
    assert!(same, "{file} is not what its drawing says: run `cargo xtask icons`");
}

/// Returns the colours as image files hold them: not multiplied by their opacity.
fn straight(image: &Pixmap) -> Vec<u8> {
    let straight = image.pixels().iter().map(|pixel| pixel.demultiply());
    straight.flat_map(|pixel| [pixel.red(), pixel.green(), pixel.blue(), pixel.alpha()]).collect()
}

#[expect(clippy::disallowed_methods, reason = "the way in which xtask asks for new icons")]
fn is_writing() -> bool {
    std::env::var("HFSM_WRITE_ICONS").is_ok()
}

fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../icons").join(file)
}
