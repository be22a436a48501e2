//! PDF files, written by hand.

use std::fmt::Write as _;

use ab_glyph::{Font, FontRef};
use md5::{Digest, Md5};

/// What passwords are filled up with.
const PADDING: [u8; 32] = *b"\x28\xbf\x4e\x5e\x4e\x75\x8a\x41\x64\x00\x4e\x56\xff\xfa\x01\x08\
    \x2e\x2e\x00\xb6\xd0\x68\x3e\x80\x2f\x0c\xa9\xfe\x64\x53\x69\x7a";

/// A PDF that is being written.
#[derive(Default)]
pub(crate) struct Pdf {
    objects: Vec<Vec<u8>>,
    pages: Vec<usize>,
    fonts: Vec<(String, usize)>,
    pub(crate) title: Option<String>,
    /// Entries of the trailer.
    pub(crate) trailer: String,
}

impl Pdf {
    /// One with the font `K`: Korean by a predefined character map, not embedded; every character is an em wide, those of
    /// ASCII half of it.
    pub(crate) fn korean() -> Self {
        let mut pdf = Self::default();
        let descendant = pdf.object(
            "<</Type/Font/Subtype/CIDFontType2/BaseFont/Batang/CIDSystemInfo<</Registry(Adobe)/Ordering(Korea1)\
             /Supplement 1>>/DW 1000/W[1 95 500 8094 8190 500]/FontDescriptor<</Type/FontDescriptor/FontName/Batang\
             /Flags 4/FontBBox[0 -120 1000 880]/ItalicAngle 0/Ascent 880/Descent -120/CapHeight 880/StemV 80>>>>",
        );
        let font = pdf.object(&format!(
            "<</Type/Font/Subtype/Type0/BaseFont/Batang/Encoding/UniKS-UCS2-H/DescendantFonts[{descendant} 0 R]>>"
        ));
        pdf.fonts.push(("K".to_owned(), font));
        pdf
    }

    /// Adds the font `E`: a TrueType font that is embedded, with glyphs by number and a map to Unicode for `text`.
    pub(crate) fn embed(&mut self, name: &str, font: &[u8], text: &str) {
        let glyphs = FontRef::try_from_slice(font).unwrap();
        let file = self.stream(&format!("/Length1 {}", font.len()), font);
        let mut map = String::new();
        for character in text.chars() {
            let _ = writeln!(map, "<{:04x}> <{:04x}>", glyphs.glyph_id(character).0, character as u32);
        }
        let count = text.chars().count();
        let map = format!(
            "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /A def\n1 begincodespacerange\n\
             <0000> <ffff>\nendcodespacerange\n{count} beginbfchar\n{map}endbfchar\nendcmap end end"
        );
        let map = self.stream("", map.as_bytes());
        let descendant = self.object(&format!(
            "<</Type/Font/Subtype/CIDFontType2/BaseFont/{name}/CIDToGIDMap/Identity/CIDSystemInfo<</Registry(Adobe)\
             /Ordering(Identity)/Supplement 0>>/DW 1000/FontDescriptor<</Type/FontDescriptor/FontName/{name}/Flags 4\
             /FontBBox[0 -120 1000 880]/ItalicAngle 0/Ascent 880/Descent -120/CapHeight 880/StemV 80/FontFile2 {file} 0 R>>>>"
        ));
        let font = self.object(&format!(
            "<</Type/Font/Subtype/Type0/BaseFont/{name}/Encoding/Identity-H/DescendantFonts[{descendant} 0 R]\
             /ToUnicode {map} 0 R>>"
        ));
        self.fonts.push(("E".to_owned(), font));
    }

    /// Adds an A4 page with these operators.
    pub(crate) fn page(&mut self, content: &str) {
        let content = self.stream("", content.as_bytes());
        self.page_of(content, "");
    }

    /// Adds an A4 page that a grey image fills, given row by row.
    pub(crate) fn image_page(&mut self, width: usize, height: usize, dots: &[u8]) {
        let image = self.stream(
            &format!(
                "/Type/XObject/Subtype/Image/Width {width}/Height {height}/ColorSpace/DeviceGray/BitsPerComponent 8"
            ),
            dots,
        );
        let content = self.stream("", b"q 595 0 0 842 0 0 cm /I Do Q");
        self.page_of(content, &format!("/XObject<</I {image} 0 R>>"));
    }

    fn page_of(&mut self, content: usize, resources: &str) {
        let fonts: String = self.fonts.iter().map(|(name, font)| format!("/{name} {font} 0 R")).collect();
        let page = self.object(&format!(
            "<</Type/Page/Parent 999999 0 R/MediaBox[0 0 595 842]/Contents {content} 0 R\
             /Resources<</Font<<{fonts}>>{resources}>>>>"
        ));
        self.pages.push(page);
    }

    fn object(&mut self, text: &str) -> usize {
        self.objects.push(text.as_bytes().to_vec());
        self.objects.len()
    }

    fn stream(&mut self, entries: &str, bytes: &[u8]) -> usize {
        let mut object = format!("<<{entries}/Length {}>>\nstream\n", bytes.len()).into_bytes();
        object.extend(bytes);
        object.extend(b"\nendstream");
        self.objects.push(object);
        self.objects.len()
    }

    /// One with the font `H`, for Latin letters; it holds no strings, which encryption would change.
    pub(crate) fn latin() -> Self {
        let mut pdf = Self::default();
        let font = pdf.object("<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>");
        pdf.fonts.push(("H".to_owned(), font));
        pdf
    }

    /// Encrypts what is there with an owner's password only: everybody may open it, and not copy from it.
    pub(crate) fn encrypt_for_owner(&mut self) {
        const PERMISSIONS: i32 = -64;
        let id = [7; 16];
        // Only who knows the owner's password could make this anew; to open the file it is taken as it is.
        let owner = rc4(b"owner", &PADDING);
        let secret = [&PADDING[..], &owner, &PERMISSIONS.to_le_bytes(), &id].concat();
        let key = Md5::digest(secret)[..5].to_vec();
        for (number, object) in (1_u32..).zip(&mut self.objects) {
            let Some(start) = object.windows(7).position(|w| w == b"stream\n").map(|at| at + 7) else { continue };
            let end = object.len() - b"\nendstream".len();
            let of_object = Md5::digest([&key[..], &number.to_le_bytes()[..3], &[0, 0]].concat());
            let hidden = rc4(&of_object[..10], &object[start..end]);
            object[start..end].copy_from_slice(&hidden);
        }
        self.trailer = format!(
            "/Encrypt<</Filter/Standard/V 1/R 2/O<{}>/U<{}>/P {PERMISSIONS}>>/ID[<{id}><{id}>]",
            hex(&owner),
            hex(&rc4(&key, &PADDING)),
            id = hex(&id),
        );
    }

    /// The file.
    pub(crate) fn bytes(mut self) -> Vec<u8> {
        let kids: String = self.pages.iter().map(|page| format!("{page} 0 R ")).collect();
        let pages = self.object(&format!("<</Type/Pages/Count {}/Kids[{kids}]>>", self.pages.len()));
        let catalog = self.object(&format!("<</Type/Catalog/Pages {pages} 0 R>>"));
        let mut trailer = format!("/Root {catalog} 0 R{}", self.trailer);
        if let Some(title) = self.title.take() {
            let info = self.object(&format!("<</Title {}>>", utf16(&title)));
            let _ = write!(trailer, "/Info {info} 0 R");
        }
        let parent = format!("/Parent {pages} 0 R");
        let mut file = b"%PDF-1.7\n".to_vec();
        let mut places = Vec::new();
        for (number, object) in (1..).zip(&self.objects) {
            places.push(file.len());
            file.extend(format!("{number} 0 obj\n").bytes());
            match std::str::from_utf8(object) {
                Ok(text) => file.extend(text.replace("/Parent 999999 0 R", &parent).bytes()),
                Err(_) => file.extend(object),
            }
            file.extend(b"\nendobj\n");
        }
        let start = file.len();
        file.extend(format!("xref\n0 {}\n0000000000 65535 f \n", places.len() + 1).bytes());
        for place in &places {
            file.extend(format!("{place:010} 00000 n \n").bytes());
        }
        file.extend(format!("trailer\n<</Size {}{trailer}>>\nstartxref\n{start}\n%%EOF\n", places.len() + 1).bytes());
        file
    }
}

/// Shows text in the font `K`, its baseline `top` points below the upper edge.
pub(crate) fn at(left: f32, top: f32, size: f32, text: &str) -> String {
    let codes: String = text.encode_utf16().map(|unit| format!("{unit:04x}")).collect();
    format!("BT /K {size} Tf 1 0 0 1 {left} {} Tm <{codes}> Tj ET\n", 842.0 - top)
}

/// Shows text in the embedded font `E`.
pub(crate) fn embedded_at(font: &[u8], left: f32, top: f32, size: f32, text: &str) -> String {
    let glyphs = FontRef::try_from_slice(font).unwrap();
    let codes: String = text.chars().map(|character| format!("{:04x}", glyphs.glyph_id(character).0)).collect();
    format!("BT /E {size} Tf 1 0 0 1 {left} {} Tm <{codes}> Tj ET\n", 842.0 - top)
}

fn utf16(text: &str) -> String {
    let codes: String = text.encode_utf16().map(|unit| format!("{unit:04x}")).collect();
    format!("<feff{codes}>")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn rc4(key: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut state: Vec<u8> = (0..=255).collect();
    let mut j = 0_usize;
    for i in 0..256 {
        j = (j + usize::from(state[i]) + usize::from(key[i % key.len()])) % 256;
        state.swap(i, j);
    }
    let (mut i, mut j) = (0_usize, 0_usize);
    let hide = |byte: &u8| {
        i = (i + 1) % 256;
        j = (j + usize::from(state[i])) % 256;
        state.swap(i, j);
        byte ^ state[(usize::from(state[i]) + usize::from(state[j])) % 256]
    };
    bytes.iter().map(hide).collect()
}
