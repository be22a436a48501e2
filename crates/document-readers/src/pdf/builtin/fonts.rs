//! What the codes of a font's text mean, and how wide they are.

use std::collections::BTreeMap;

use encoding_rs::WINDOWS_1252;
use hayro_cmap::{BfString, CMap, CMapName, CidFamily, load_embedded};
use hayro_syntax::object::{Array, Dict, Name, Number, Object, Stream, String as PdfString};

/// A character of text.
pub(super) struct Character {
    /// What it means; `None` when nothing tells.
    pub(super) text: Option<String>,
    /// Its width in thousandths of the size.
    pub(super) width: f64,
    /// Whether it is the single byte 32, which word spacing is added to.
    pub(super) is_space: bool,
}

/// A font.
pub(super) struct Font {
    to_unicode: Option<CMap>,
    kind: Kind,
    widths: BTreeMap<u32, f64>,
    default_width: f64,
}

enum Kind {
    /// One byte for each character.
    Simple(BTreeMap<u32, String>),
    /// Codes of one to four bytes, and the collection that their numbers are of.
    Composite(Box<(CMap, Option<CMap>)>),
}

impl Font {
    pub(super) fn of(dict: &Dict<'_>) -> Self {
        let to_unicode = dict.get::<Stream<'_>>("ToUnicode").and_then(|stream| parsed(&stream));
        let is_composite = dict.get::<Name<'_>>("Subtype").is_some_and(|name| &*name == b"Type0");
        if is_composite { Self::composite(dict, to_unicode) } else { Self::simple(dict, to_unicode) }
    }

    fn simple(dict: &Dict<'_>, to_unicode: Option<CMap>) -> Self {
        let first = dict.get::<Number>("FirstChar").map_or(0, |number| number.as_i64().clamp(0, 255) as u32);
        let matrix = dict.get::<Array<'_>>("FontMatrix").and_then(|array| array.iter::<Number>().next());
        let scale = matrix.map_or(1.0, |first| first.as_f64() * 1_000.0);
        let list = dict.get::<Array<'_>>("Widths");
        let widths = list.iter().flat_map(Array::iter::<Number>).map(|width| width.as_f64() * scale);
        let differences =
            dict.get::<Dict<'_>>("Encoding").and_then(|encoding| encoding.get::<Array<'_>>("Differences"));
        let names = differences.map(|list| named(&list)).unwrap_or_default();
        Self { to_unicode, kind: Kind::Simple(names), widths: (first..).zip(widths).collect(), default_width: 500.0 }
    }

    fn composite(dict: &Dict<'_>, to_unicode: Option<CMap>) -> Self {
        let encoding = match dict.get::<Object<'_>>("Encoding") {
            Some(Object::Name(name)) => predefined(CMapName::from_bytes(&name)),
            Some(Object::Stream(stream)) => parsed(&stream),
            _ => None,
        };
        let descendant = dict.get::<Array<'_>>("DescendantFonts").and_then(|list| list.iter::<Dict<'_>>().next());
        let descendant = descendant.unwrap_or_default();
        let collection = descendant.get::<Dict<'_>>("CIDSystemInfo").and_then(|info| {
            let (registry, ordering) = (info.get::<PdfString<'_>>("Registry")?, info.get::<PdfString<'_>>("Ordering")?);
            predefined(CidFamily::from_registry_ordering(registry.as_bytes(), ordering.as_bytes()).ucs2_cmap()?)
        });
        let kind = Kind::Composite(Box::new((encoding.unwrap_or_else(CMap::identity_h), collection)));
        let widths = descendant.get::<Array<'_>>("W").map(|list| cid_widths(&list)).unwrap_or_default();
        let default_width = descendant.get::<Number>("DW").map_or(1_000.0, |width| width.as_f64());
        Self { to_unicode, kind, widths, default_width }
    }

    /// The characters of a text, in order.
    pub(super) fn characters(&self, mut codes: &[u8]) -> Vec<Character> {
        let mut characters = Vec::new();
        while !codes.is_empty() {
            let (length, character) = self.next(codes);
            characters.push(character);
            codes = &codes[length.clamp(1, codes.len())..];
        }
        characters
    }

    fn next(&self, codes: &[u8]) -> (usize, Character) {
        let (length, code, number, meant) = match &self.kind {
            Kind::Simple(names) => {
                let code = u32::from(codes[0]);
                let latin = || WINDOWS_1252.decode_without_bom_handling(&codes[..1]).0.into_owned();
                (1, code, code, names.get(&code).cloned().or_else(|| (code >= 32).then(latin)))
            }
            Kind::Composite(maps) => {
                let (map, collection) = &**maps;
                let (length, code, cid) = self::code(map, codes);
                let meant = cid.and_then(|cid| collection.as_ref()?.lookup_bf_string(cid)).map(text);
                (length, code, cid.unwrap_or(0), meant)
            }
        };
        let told = self.to_unicode.as_ref().and_then(|map| map.lookup_bf_string(code)).map(text);
        let width = self.widths.get(&number).copied().unwrap_or(self.default_width);
        (length, Character { text: told.or(meant), width, is_space: length == 1 && code == 32 })
    }
}

/// The length of the next code, the code and its number in the collection.
fn code(map: &CMap, codes: &[u8]) -> (usize, u32, Option<u32>) {
    let value = |length: usize| codes[..length].iter().fold(0, |code, byte| code << 8 | u32::from(*byte));
    for length in 1..=codes.len().min(4) {
        if let Some(cid) = map.lookup_cid_code(value(length), length as u8) {
            return (length, value(length), Some(cid));
        }
    }
    // Codes of two bytes are by far the most.
    let length = codes.len().min(2);
    (length, value(length), None)
}

fn predefined(name: CMapName<'_>) -> Option<CMap> {
    match name {
        CMapName::IdentityH => Some(CMap::identity_h()),
        CMapName::IdentityV => Some(CMap::identity_v()),
        name => CMap::parse(load_embedded(name)?, load_embedded),
    }
}

fn parsed(stream: &Stream<'_>) -> Option<CMap> {
    CMap::parse(&stream.decoded().ok()?, load_embedded)
}

fn text(meant: BfString) -> String {
    match meant {
        BfString::Char(character) => character.to_string(),
        BfString::String(text) => text,
    }
}

/// `first [w w w]` and `first last w`, in any order.
fn cid_widths(list: &Array<'_>) -> BTreeMap<u32, f64> {
    let mut widths = BTreeMap::new();
    let mut numbers: Vec<f64> = Vec::new();
    for object in list.iter::<Object<'_>>() {
        match object {
            Object::Array(each) => {
                let first = numbers.pop().unwrap_or(0.0).max(0.0) as u32;
                widths.extend((first..=0xffff).zip(each.iter::<Number>().map(|width| width.as_f64())));
                numbers.clear();
            }
            Object::Number(number) => numbers.push(number.as_f64()),
            _ => {}
        }
        if let [first, last, width] = numbers[..] {
            let last = last.clamp(0.0, 65_535.0) as u32;
            widths.extend((first.max(0.0) as u32..=last).map(|cid| (cid, width)));
            numbers.clear();
        }
    }
    widths
}

/// `32 /space /exclam 65 /A`: which code is which named glyph.
fn named(list: &Array<'_>) -> BTreeMap<u32, String> {
    let mut names = BTreeMap::new();
    let mut code = 0_u32;
    for object in list.iter::<Object<'_>>() {
        match object {
            Object::Number(number) => code = number.as_i64().clamp(0, 255) as u32,
            Object::Name(name) => {
                if let Some(text) = of_glyph(&String::from_utf8_lossy(&name)) {
                    names.insert(code, text);
                }
                code = code.saturating_add(1);
            }
            _ => {}
        }
    }
    names
}

/// What a glyph of that name means: `uniAC00`, `u1F600`, letters by themselves, and the signs of ASCII.
fn of_glyph(name: &str) -> Option<String> {
    const NAMES: &str = "space exclam quotedbl numbersign dollar percent ampersand quotesingle parenleft parenright asterisk \
        plus comma hyphen period slash zero one two three four five six seven eight nine colon semicolon less equal greater \
        question at";
    const OTHERS: &[(&str, &str)] = &[
        ("bracketleft", "["),
        ("backslash", "\\"),
        ("bracketright", "]"),
        ("underscore", "_"),
        ("braceleft", "{"),
        ("bar", "|"),
        ("braceright", "}"),
        ("asciitilde", "~"),
        ("bullet", "•"),
        ("endash", "–"),
        ("emdash", "—"),
        ("quoteleft", "‘"),
        ("quoteright", "’"),
        ("quotedblleft", "“"),
        ("quotedblright", "”"),
        ("periodcentered", "·"),
        ("ellipsis", "…"),
        ("fi", "fi"),
        ("fl", "fl"),
        ("ff", "ff"),
        ("ffi", "ffi"),
        ("nbspace", " "),
        ("minus", "-"),
    ];
    let hexadecimal = name.strip_prefix("uni").or_else(|| name.strip_prefix('u')).filter(|digits| digits.len() >= 4);
    if let Some(character) =
        hexadecimal.and_then(|digits| u32::from_str_radix(digits, 16).ok()).and_then(char::from_u32)
    {
        return Some(character.to_string());
    }
    if name.chars().count() == 1 {
        return Some(name.to_owned());
    }
    let position = NAMES.split_whitespace().position(|known| known == name);
    if let Some(sign) = position.and_then(|at| char::from_u32(32 + at as u32)) {
        return Some(sign.to_string());
    }
    OTHERS.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_glyphs_are_characters() {
        for (name, text) in [("uniAC00", "가"), ("A", "A"), ("at", "@"), ("nine", "9"), ("space", " "), ("bullet", "•")]
        {
            assert_eq!(of_glyph(name).as_deref(), Some(text), "{name}");
        }
        assert_eq!(of_glyph("g17"), None);
    }
}
