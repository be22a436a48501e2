//! Scans: a page of Korean text as an image, recognised from end to end.

use std::time::Duration;

use ab_glyph::{Font, FontRef, ScaleFont};
use document_readers::{PdfRenderer, TesseractOcr};
use rag_pipeline::model::{PageImage, ReadError};
use rag_pipeline::ports::{Ocr, OcrError, PageRenderer};
use test_support::require;

use crate::support::pdf::Pdf;
use crate::support::{font, poppler, program, raw, read};

/// An A4 page at 200 dots per inch.
const WIDTH: usize = 1_654;
const HEIGHT: usize = 2_339;

/// A page with lines of text, painted in a font.
fn painted(font: &[u8], lines: &[&str]) -> Vec<u8> {
    let font = FontRef::try_from_slice(font).unwrap();
    let font = font.as_scaled(44.0);
    let mut dots = vec![255_u8; WIDTH * HEIGHT];
    for (line, number) in lines.iter().zip(0_u16..) {
        let (mut left, base) = (160.0, 300.0 + f32::from(number) * 80.0);
        for character in line.chars() {
            let mut glyph = font.scaled_glyph(character);
            glyph.position = ab_glyph::point(left, base);
            left += font.h_advance(glyph.id);
            let Some(outline) = font.outline_glyph(glyph) else { continue };
            let corner = outline.px_bounds().min;
            outline.draw(|x, y, ink| {
                let at = (corner.y as usize + y as usize) * WIDTH + corner.x as usize + x as usize;
                dots[at] = dots[at].saturating_sub((ink * 255.0) as u8);
            });
        }
    }
    dots
}

async fn tesseract() -> Result<TesseractOcr, test_support::Unavailable> {
    program("tesseract", "tesseract-ocr and tesseract-ocr-kor (Debian) or tesseract and tesseract-lang (Homebrew)")?;
    TesseractOcr::find(2, Duration::from_mins(1)).await.map_err(|error| test_support::Unavailable::Missing {
        what: error.to_string(),
        how: "run ./scripts/test.sh".to_owned(),
    })
}

#[tokio::test]
async fn a_scanned_page_is_found_rendered_and_recognised() {
    require!(poppler());
    let font = require!(font());
    let ocr = require!(tesseract().await);
    let mut pdf = Pdf::default();
    pdf.image_page(
        WIDTH,
        HEIGHT,
        &painted(
            &font,
            &[
                "교환 및 반품 안내",
                "상품을 받은 날부터 일주일 안에 신청하세요.",
                "고객센터 전화번호는 1588-0000 입니다.",
            ],
        ),
    );
    let file = raw("스캔.pdf", pdf.bytes());
    let document = read("스캔.pdf", file.bytes.clone()).unwrap();
    assert_eq!((document.title.as_str(), document.scans.as_slice()), ("스캔", &[1][..]));
    let image = PdfRenderer::default().render(&file, 1).await.unwrap();
    assert_eq!(image.media_type, "image/png");
    let started = std::time::Instant::now();
    let text = ocr.recognize(&image).await.unwrap();
    println!("{} took {:?}: {text}", ocr.name(), started.elapsed());
    let squeezed: String = text.split_whitespace().collect();
    for word in ["교환", "반품", "상품을", "일주일", "신청하세요", "고객센터", "1588-0000"] {
        assert!(squeezed.contains(word), "{word} is not in {text}");
    }
    let again = read_image(&ocr, &image).await;
    assert_eq!(again, text);
}

async fn read_image(ocr: &TesseractOcr, image: &PageImage) -> String {
    let file = raw("scan.png", image.bytes.clone());
    let page = PdfRenderer::default().render(&file, 1).await.unwrap();
    assert_eq!(page, *image);
    ocr.recognize(&page).await.unwrap()
}

#[tokio::test]
async fn what_is_no_image_is_refused_for_good() {
    let ocr = require!(tesseract().await);
    assert!(ocr.name().starts_with("tesseract "));
    let image = PageImage { media_type: "image/png".to_owned(), bytes: b"nothing".to_vec() };
    let Err(OcrError::Permanent(reason)) = ocr.recognize(&image).await else { panic!("it was recognised") };
    assert!(reason.starts_with("tesseract cannot read the image: "), "{reason}");
}

#[tokio::test]
async fn recognition_that_takes_too_long_may_be_tried_again() {
    let font = require!(font());
    require!(poppler());
    require!(tesseract().await);
    let mut pdf = Pdf::default();
    pdf.image_page(WIDTH, HEIGHT, &painted(&font, &["교환 및 반품 안내는 이 쪽에 있습니다"; 24]));
    let image = PdfRenderer::default().render(&raw("a.pdf", pdf.bytes()), 1).await.unwrap();
    let hasty = TesseractOcr::find(1, Duration::from_millis(600)).await.unwrap();
    assert!(matches!(hasty.recognize(&image).await, Err(OcrError::Transient(_))));
}

#[tokio::test]
async fn pages_that_are_not_there_and_files_without_pages_are_refused() {
    require!(poppler());
    let mut pdf = Pdf::korean();
    pdf.page("");
    let file = raw("a.pdf", pdf.bytes());
    let renderer = PdfRenderer::default();
    assert!(matches!(renderer.render(&file, 7).await, Err(ReadError::Unreadable { .. })));
    assert!(matches!(renderer.render(&raw("a.txt", "글"), 1).await, Err(ReadError::Unsupported { .. })));
    assert!(matches!(renderer.render(&raw("a.png", "\u{0089}PNG"), 1).await, Err(ReadError::Unsupported { .. })));
}
