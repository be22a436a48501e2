//! DOCX, PPTX and XLSX files from their parts.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const TYPES: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// A zip of these parts.
pub(crate) fn zip(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, text) in parts {
        zip.start_file(*name, options).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Relationships: id, kind, target.
pub(crate) fn relationships(all: &[(&str, &str, &str)]) -> String {
    let one = |(id, kind, target): &(&str, &str, &str)| {
        format!("<Relationship Id=\"{id}\" Type=\"{TYPES}/{kind}\" Target=\"{target}\"/>")
    };
    let all: String = all.iter().map(one).collect();
    format!("<?xml version=\"1.0\"?><Relationships xmlns=\"x\">{all}</Relationships>")
}

/// A document of these parts, whose main part is the first; with a title in its properties where one is given.
pub(crate) fn package(title: Option<&str>, parts: &[(&str, &str)]) -> Vec<u8> {
    let main = parts[0].0;
    let mut top = vec![("r1", "officeDocument", main)];
    let core = title.map(|title| {
        format!("<cp:coreProperties xmlns:cp=\"c\" xmlns:dc=\"d\"><dc:title>{title}</dc:title></cp:coreProperties>")
    });
    if core.is_some() {
        top.push(("r2", "metadata/core-properties", "docProps/core.xml"));
    }
    let top = relationships(&top);
    let mut all = vec![("[Content_Types].xml", "<Types/>"), ("_rels/.rels", &top)];
    if let Some(core) = &core {
        all.push(("docProps/core.xml", core));
    }
    all.extend(parts);
    zip(&all)
}

/// A DOCX of that body, and further parts by kind.
pub(crate) fn docx(body: &str, others: &[(&str, &str)]) -> Vec<u8> {
    let document = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\
         <w:document xmlns:w=\"w\" xmlns:r=\"r\" xmlns:mc=\"mc\"><w:body>{body}</w:body></w:document>"
    );
    let names: Vec<String> = others.iter().map(|(kind, _)| format!("word/{kind}.xml")).collect();
    let targets: Vec<String> = others.iter().map(|(kind, _)| format!("{kind}.xml")).collect();
    let links: Vec<_> =
        others.iter().zip(&targets).map(|((kind, _), target)| (*kind, *kind, target.as_str())).collect();
    let links = relationships(&links);
    let mut parts = vec![("word/document.xml", document.as_str()), ("word/_rels/document.xml.rels", links.as_str())];
    parts.extend(names.iter().zip(others).map(|(name, (_, text))| (name.as_str(), *text)));
    package(None, &parts)
}

/// A paragraph in a style.
pub(crate) fn p(style: &str, text: &str) -> String {
    let properties =
        if style.is_empty() { String::new() } else { format!("<w:pPr><w:pStyle w:val=\"{style}\"/></w:pPr>") };
    format!("<w:p>{properties}<w:r><w:t xml:space=\"preserve\">{text}</w:t></w:r></w:p>")
}

/// A workbook of sheets: name, attributes of its entry, the inside of its worksheet.
pub(crate) fn xlsx(sheets: &[(&str, &str, &str)], styles: &str, strings: &str) -> Vec<u8> {
    let entries: String = (1..)
        .zip(sheets)
        .map(|(n, (name, more, _))| format!("<sheet name=\"{name}\" sheetId=\"{n}\" {more} r:id=\"s{n}\"/>"))
        .collect();
    let workbook = format!("<workbook xmlns=\"m\" xmlns:r=\"r\"><sheets>{entries}</sheets></workbook>");
    let ids: Vec<String> = (1..=sheets.len()).map(|n| format!("s{n}")).collect();
    let targets: Vec<String> = (1..=sheets.len()).map(|n| format!("worksheets/sheet{n}.xml")).collect();
    let mut links: Vec<(&str, &str, &str)> =
        ids.iter().zip(&targets).map(|(id, target)| (id.as_str(), "worksheet", target.as_str())).collect();
    links.extend([("a", "styles", "styles.xml"), ("b", "sharedStrings", "sharedStrings.xml")]);
    let links = relationships(&links);
    let names: Vec<String> = targets.iter().map(|target| format!("xl/{target}")).collect();
    let bodies: Vec<String> =
        sheets.iter().map(|(_, _, body)| format!("<worksheet xmlns=\"m\">{body}</worksheet>")).collect();
    let styles = format!("<styleSheet xmlns=\"m\">{styles}</styleSheet>");
    let strings = format!("<sst xmlns=\"m\">{strings}</sst>");
    let mut parts = vec![
        ("xl/workbook.xml", workbook.as_str()),
        ("xl/_rels/workbook.xml.rels", &links),
        ("xl/styles.xml", &styles),
        ("xl/sharedStrings.xml", &strings),
    ];
    parts.extend(names.iter().zip(&bodies).map(|(name, body)| (name.as_str(), body.as_str())));
    package(None, &parts)
}
