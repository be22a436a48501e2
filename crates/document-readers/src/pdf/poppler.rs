//! What poppler's programs tell of a PDF.

use std::path::Path;
use std::process::Command;

use rag_pipeline::model::ReadError;

use super::page::{Line, Page, Told, Word};
use crate::job::Job;
use crate::programs::{self, Failure, Output};

/// How many dots per inch tell whether a page shows anything: a line of small print is grey at 18.
const GLANCE: &str = "18";
/// Paper is white, 255; what is fainter than this is paper too.
const INK: u8 = 250;
/// What is missing, and what to do.
pub(crate) const ADVICE: &str = "PDFs are read by pdftotext, which is not installed; install poppler-utils and poppler-data (Debian) or poppler (Homebrew)";

/// Asks `pdftotext` for the words and their places, and `pdftoppm` which pages without words show anything.
pub(super) fn read(job: &Job<'_>, program: &Path) -> Result<Told, ReadError> {
    let last = job.limits.pages.saturating_add(1).to_string();
    let arguments = ["-bbox-layout", "-enc", "UTF-8", "-l", &last, "-", "-"];
    let output = run(job, program, &arguments, job.limits.unpacked_bytes)?;
    if !output.status.success() {
        return Err(refusal(job, &output));
    }
    if output.stderr.contains("language pack") {
        return Err(job.not_here("poppler has no Korean character maps; install poppler-data"));
    }
    let mut told = parse(&String::from_utf8_lossy(&output.stdout));
    if told.pages.len() > job.limits.pages as usize {
        return Err(job.too_large("pages", job.limits.pages.into()));
    }
    let wordless: Vec<u32> = (1..).zip(&told.pages).filter(|(_, page)| page.lines.is_empty()).map(|(n, _)| n).collect();
    told.scans = not_blank(job, &wordless)?;
    Ok(told)
}

fn refusal(job: &Job<'_>, output: &Output) -> ReadError {
    if output.stderr.contains("Incorrect password") {
        return job.encrypted();
    }
    let complaint = output.stderr.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("no reason given");
    match output.status.code() {
        Some(_) => job.unreadable(format!("it is damaged: {complaint}")),
        None => ReadError::Crashed { name: job.name(), reason: format!("pdftotext: {}", output.status) },
    }
}

fn run(job: &Job<'_>, program: &Path, arguments: &[&str], most: u64) -> Result<Output, ReadError> {
    let mut command = Command::new(program);
    command.args(arguments).env("LC_ALL", "C");
    programs::run(command, &job.raw.bytes, most, job.time_left()).map_err(|failure| match failure {
        Failure::TimedOut => job.timed_out(),
        Failure::TooMuch => job.too_large("bytes of text and places", most),
        Failure::Io(cause) => job.not_here(format!("{} does not run: {cause}", program.display())),
    })
}

/// Those of some pages (from 1, rising) that show anything. Without `pdftoppm` all are taken to.
fn not_blank(job: &Job<'_>, pages: &[u32]) -> Result<Vec<u32>, ReadError> {
    let Some(program) = programs::find("pdftoppm") else { return Ok(pages.to_vec()) };
    let mut shown = Vec::new();
    for run_of_pages in pages.chunk_by(|page, next| page + 1 == *next) {
        let (Some(first), Some(last)) = (run_of_pages.first(), run_of_pages.last()) else { continue };
        let (from, to) = (first.to_string(), last.to_string());
        let arguments = ["-gray", "-r", GLANCE, "-f", &from, "-l", &to, "-"];
        let output = run(job, &program, &arguments, job.limits.unpacked_bytes)?;
        let mut rest = output.stdout.as_slice();
        for page in run_of_pages {
            // A page that cannot be painted is left to whoever recognises its text, who will say so.
            let ink = next_image(&mut rest).is_none_or(|dots| dots.iter().any(|dot| *dot < INK));
            if ink {
                shown.push(*page);
            }
        }
    }
    Ok(shown)
}

/// Takes the dots of the next image (PGM, `P5`) off the start.
fn next_image<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let mut fields = Vec::new();
    let mut at = 0;
    while fields.len() < 4 {
        let start = at + rest.get(at..)?.iter().position(|byte| !byte.is_ascii_whitespace())?;
        let end = start + rest.get(start..)?.iter().position(u8::is_ascii_whitespace)?;
        fields.push(std::str::from_utf8(&rest[start..end]).ok()?);
        at = end;
    }
    let [_, width, height, _] = fields.as_slice() else { return None };
    let size = width.parse::<usize>().ok()?.checked_mul(height.parse().ok()?)?;
    let dots = rest.get(at + 1..)?.get(..size)?;
    *rest = &rest[at + 1 + size..];
    Some(dots)
}

/// Reads what `-bbox-layout` writes: one tag per line.
fn parse(text: &str) -> Told {
    let mut told = Told::default();
    for line in text.lines().map(str::trim) {
        if let Some(title) = line.strip_prefix("<title>") {
            told.title = unescaped(title.trim_end_matches("</title>"));
        } else if line.starts_with("<page ") {
            let (width, height) = (number(line, "width"), number(line, "height"));
            told.pages.push(Page { width, height, lines: Vec::new() });
        } else if line.starts_with("<line ") {
            if let Some(page) = told.pages.last_mut() {
                page.lines.push(Line::default());
            }
        } else if let Some(word) = word(line)
            && let Some(line) = told.pages.last_mut().and_then(|page| page.lines.last_mut())
        {
            line.words.push(word);
        }
    }
    for page in &mut told.pages {
        page.lines.retain(|line| !line.words.is_empty());
    }
    told
}

fn word(line: &str) -> Option<Word> {
    let inside = line.strip_prefix("<word ")?.strip_suffix("</word>")?;
    let (tag, text) = inside.split_once('>')?;
    let text: String = unescaped(text).chars().filter(|c| !c.is_control() && *c != '\u{ad}').collect();
    let (left, top) = (number(tag, "xMin"), number(tag, "yMin"));
    let (right, bottom) = (number(tag, "xMax"), number(tag, "yMax"));
    (!text.trim().is_empty()).then(|| Word { left, top, right, bottom, text: text.trim().to_owned() })
}

fn number(tag: &str, name: &str) -> f32 {
    let value = tag.split_once(&format!("{name}=\"")).and_then(|(_, rest)| rest.split('"').next());
    value.and_then(|value| value.parse().ok()).filter(|number: &f32| number.is_finite()).unwrap_or(0.0)
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_with_their_places() {
        let text = "<title>A &amp; B</title>\n<page width=\"595.0\" height=\"842.0\">\n<line xMin=\"1\">\n\
                    <word xMin=\"56.8\" yMin=\"57.2\" xMax=\"80\" yMax=\"70\">배&lt;송</word>\n</line>\n</page>";
        let told = parse(text);
        assert_eq!(told.title, "A & B");
        assert_eq!((told.pages[0].width, told.pages[0].lines[0].text().as_str()), (595.0, "배<송"));
        assert!((told.pages[0].lines[0].left() - 56.8).abs() < 0.01);
    }

    #[test]
    fn images_are_taken_one_after_the_other() {
        let mut rest: &[u8] = b"P5\n2 1\n255\n\xff\x00P5\n1 1\n255\n\xff";
        assert_eq!(next_image(&mut rest), Some(&[255, 0][..]));
        assert_eq!(next_image(&mut rest), Some(&[255][..]));
        assert_eq!(next_image(&mut rest), None);
    }
}
