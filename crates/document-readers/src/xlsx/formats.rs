//! How numbers look.

use std::collections::BTreeMap;

use ssfmt::{DateSystem, FormatOptions, NumberFormat, format_code_from_id};

use crate::ooxml::Element;

/// The number format of each cell style.
pub(super) struct Formats {
    styles: Vec<Option<NumberFormat>>,
    options: FormatOptions,
}

impl Formats {
    pub(super) fn of(styles: Option<&Element>, counts_from_1904: bool) -> Self {
        let mut options = FormatOptions::default();
        if counts_from_1904 {
            options.date_system = DateSystem::Date1904;
        }
        let list = |name: &str| styles.and_then(|styles| styles.child(name)).into_iter().flat_map(Element::elements);
        let own: BTreeMap<u32, &str> = list("numFmts")
            .filter_map(|format| Some((format.attribute("numFmtId")?.parse().ok()?, format.attribute("formatCode")?)))
            .collect();
        let style_formats = list("cellXfs").map(|style| {
            let id: u32 = style.attribute("numFmtId")?.parse().ok()?;
            let code = own.get(&id).copied().or_else(|| built_in(id))?;
            NumberFormat::parse(code).ok()
        });
        Self { styles: style_formats.collect(), options }
    }

    /// A number in the format of a style; as it is where the style has none.
    pub(super) fn shown(&self, number: f64, style: usize) -> String {
        let format = self.styles.get(style).and_then(Option::as_ref);
        let shown = format.and_then(|format| format.try_format(number, &self.options).ok());
        shown.unwrap_or_else(|| number.to_string()).trim().to_owned()
    }
}

/// The formats that are known by number alone. Those of dates are what Excel shows in Korea, where the standard leaves it
/// to the language.
fn built_in(id: u32) -> Option<&'static str> {
    match id {
        14 | 27 | 30 | 34..=36 | 50 | 52 | 53 | 55..=57 => Some("yyyy-mm-dd"),
        22 => Some("yyyy-mm-dd h:mm"),
        28 | 29 | 51 | 54 | 58 => Some("mm-dd"),
        31 => Some("yyyy\"년\" m\"월\" d\"일\""),
        32 => Some("h\"시\" mm\"분\""),
        33 => Some("h\"시\" mm\"분\" ss\"초\""),
        _ => format_code_from_id(id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(number: f64, code: &str) -> String {
        let formats = Formats { styles: vec![NumberFormat::parse(code).ok()], options: FormatOptions::default() };
        formats.shown(number, 0)
    }

    #[test]
    fn numbers_look_as_in_a_sheet() {
        assert_eq!(shown(0.125, "0.0%"), "12.5%");
        assert_eq!(shown(1_234_567.0, "#,##0"), "1,234,567");
        assert_eq!(shown(3_000.0, "\"₩\"#,##0"), "₩3,000");
        assert_eq!(shown(2_500.0, "#,##0\"원\""), "2,500원");
        assert_eq!(shown(46_347.0, built_in(14).unwrap()), "2026-11-21");
        assert_eq!(shown(46_347.0, built_in(31).unwrap()), "2026년 11월 21일");
        assert_eq!(shown(0.1 + 0.2, "General"), "0.3");
        assert_eq!(shown(-5.0, "#,##0;[Red]-#,##0"), "-5");
    }
}
