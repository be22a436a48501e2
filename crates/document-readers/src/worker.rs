//! The process that reads documents of strangers, and what is spoken with it.
//!
//! Both ways a message is: the length of its head (4 bytes, little-endian), the length of its body (8 bytes), a head in
//! JSON, a body. A request's head is the name, the media type and the limits, its body the file. An answer's head is a
//! `Result<ReadDocument, ReadError>`, its body is empty. There is one answer for each request, in order.
//!
//! [`run`] is what the process does. It takes the memory limit of the first request as its own (`RLIMIT_AS`): a file that
//! eats more ends the process by a failed allocation, and the programs it starts inherit the limit. macOS takes that limit
//! and does not keep it: there the limits of what is unpacked, of cells and characters, and the time are what protects.
//! It dumps no core.
//!
//! It ends when its input does. When that happens in the middle of a document, whoever asked is gone: it then ends its
//! whole process group, if it leads one, so that no program it started outlives it.

use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;

use rag_pipeline::model::{RawDocument, ReadDocument, ReadError};
use rustix::process::{Resource, Rlimit, Signal, getpgrp, getpid, kill_process_group, setrlimit};
use serde::{Deserialize, Serialize};

use crate::{Limits, Readers};

/// The longest head of a request: a name and numbers.
const LONGEST_HEAD: u32 = 1 << 20;
/// How much is read from the input at once, in bytes.
const PORTION: usize = 64 << 10;

/// What is asked, beside the file.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    name: String,
    media_type: Option<String>,
    limits: Limits,
}

/// The lengths a message begins with.
pub(crate) const PREFIX: usize = 12;

/// A request as bytes, without the file that follows it.
pub(crate) fn request(raw: &RawDocument, limits: &Limits) -> io::Result<Vec<u8>> {
    let head = Head { name: raw.name.clone(), media_type: raw.media_type.clone(), limits: *limits };
    let head = serde_json::to_vec(&head)?;
    let mut message = prefix(head.len(), raw.bytes.len());
    message.extend(head);
    Ok(message)
}

/// The lengths of head and body that a message begins with.
pub(crate) fn lengths(prefix: [u8; PREFIX]) -> (u32, u64) {
    let [a, b, c, d, body @ ..] = prefix;
    (u32::from_le_bytes([a, b, c, d]), u64::from_le_bytes(body))
}

fn prefix(head: usize, body: usize) -> Vec<u8> {
    [(head as u32).to_le_bytes().as_slice(), &(body as u64).to_le_bytes()].concat()
}

/// What is done in the process that reads documents, from its first to its last: answers on standard output what is asked
/// on standard input, until that ends.
///
/// # Errors
/// When input or output break, or what is asked is no request. The process is then to end.
pub fn run() -> io::Result<()> {
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    let busy = Arc::new(AtomicBool::new(false));
    let (portions, inbox) = mpsc::sync_channel(1);
    let watched = Arc::clone(&busy);
    thread::Builder::new().spawn(move || watch(&portions, &watched))?;
    let input = Inbox { portions: inbox, rest: Vec::new(), at: 0 };
    answer(input, io::stdout().lock(), &busy, |limits| limit_memory(limits.memory_bytes))
}

/// Answers requests until there are no more, within the process that calls.
///
/// # Errors
/// When input or output break, or what is asked is no request.
pub fn serve(input: impl Read, output: impl Write) -> io::Result<()> {
    answer(input, output, &AtomicBool::new(false), |_| Ok(()))
}

fn answer(
    mut input: impl Read,
    mut output: impl Write,
    busy: &AtomicBool,
    begin: impl FnOnce(&Limits) -> io::Result<()>,
) -> io::Result<()> {
    let mut begin = Some(begin);
    while let Some((head, length)) = next_head(&mut input)? {
        busy.store(true, Ordering::SeqCst);
        if let Some(begin) = begin.take() {
            begin(&head.limits)?;
        }
        let mut bytes = Vec::new();
        if input.by_ref().take(length).read_to_end(&mut bytes)? as u64 != length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let raw = RawDocument { name: head.name, media_type: head.media_type, bytes };
        let result = Readers::new(head.limits).read_now(&raw);
        drop(raw);
        write_answer(&mut output, &result)?;
        busy.store(false, Ordering::SeqCst);
    }
    Ok(())
}

fn next_head(input: &mut impl Read) -> io::Result<Option<(Head, u64)>> {
    let mut start = [0; PREFIX];
    if input.read(&mut start[..1])? == 0 {
        return Ok(None);
    }
    input.read_exact(&mut start[1..])?;
    let (head, body) = lengths(start);
    if head > LONGEST_HEAD {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "this is no request for a document"));
    }
    let mut bytes = vec![0; head as usize];
    input.read_exact(&mut bytes)?;
    Ok(Some((serde_json::from_slice(&bytes)?, body)))
}

fn write_answer(output: &mut impl Write, result: &Result<ReadDocument, ReadError>) -> io::Result<()> {
    let head = serde_json::to_vec(result)?;
    output.write_all(&prefix(head.len(), 0))?;
    output.write_all(&head)?;
    output.flush()
}

/// Hands on what comes in. Reading all the time is how the end is noticed while a document is read.
fn watch(portions: &mpsc::SyncSender<Vec<u8>>, busy: &AtomicBool) {
    let mut input = io::stdin().lock();
    let mut portion = vec![0; PORTION];
    loop {
        match input.read(&mut portion) {
            Ok(length) if length > 0 => {
                // Nobody takes it when the process ends for another reason.
                if portions.send(portion[..length].to_vec()).is_err() {
                    return;
                }
            }
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
            _ => break,
        }
    }
    if busy.load(Ordering::SeqCst) && getpgrp() == getpid() {
        // This ends the process that calls, too; where it fails, the end of the input still does.
        kill_process_group(getpgrp(), Signal::KILL).unwrap_or_default();
    }
}

/// What came in and is not read yet.
struct Inbox {
    portions: mpsc::Receiver<Vec<u8>>,
    rest: Vec<u8>,
    at: usize,
}

impl Read for Inbox {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.rest.len() {
            // The sender is gone when the input has ended.
            let Ok(portion) = self.portions.recv() else { return Ok(0) };
            (self.rest, self.at) = (portion, 0);
        }
        let length = buffer.len().min(self.rest.len() - self.at);
        buffer[..length].copy_from_slice(&self.rest[self.at..self.at + length]);
        self.at += length;
        Ok(length)
    }
}

#[cfg(target_os = "linux")]
fn limit_memory(more: u64) -> io::Result<()> {
    // The first field is the size of the address space, in pages.
    let statm = std::fs::read_to_string("/proc/self/statm")?;
    let pages: u64 = statm.split(' ').next().and_then(|pages| pages.parse().ok()).unwrap_or(0);
    let most = pages.saturating_mul(rustix::param::page_size() as u64).saturating_add(more);
    Ok(setrlimit(Resource::As, Rlimit { current: Some(most), maximum: Some(most) })?)
}

#[cfg(not(target_os = "linux"))]
fn limit_memory(more: u64) -> io::Result<()> {
    // Where a limit cannot be set, or is not kept, the other limits remain.
    setrlimit(Resource::As, Rlimit { current: Some(more), maximum: Some(more) }).or(Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_has_its_answer_in_order() {
        let raw =
            |name: &str, bytes: &[u8]| RawDocument { name: name.to_owned(), media_type: None, bytes: bytes.to_vec() };
        let mut input = Vec::new();
        for raw in [raw("a.txt", "가".as_bytes()), raw("b.exe", b"x")] {
            input.extend(request(&raw, &Limits::default()).unwrap());
            input.extend(&raw.bytes);
        }
        let mut output = Vec::new();
        serve(input.as_slice(), &mut output).unwrap();
        let mut answers = Vec::new();
        let mut rest = output.as_slice();
        while let Some((start, after)) = rest.split_first_chunk() {
            let (head, answer) = (lengths(*start).0 as usize, after);
            answers.push(serde_json::from_slice::<Result<ReadDocument, ReadError>>(&answer[..head]).unwrap());
            rest = &answer[head..];
        }
        assert_eq!(answers[0].as_ref().unwrap().blocks[0].text, "가");
        assert_eq!(answers[1], Err(ReadError::Unsupported { name: "b.exe".to_owned() }));
    }

    #[test]
    fn what_is_no_request_ends_it() {
        assert!(serve(&b"GET / HTTP/1.1\r\n\r\n"[..], io::sink()).is_err());
        assert!(serve(&b"\x01\0"[..], io::sink()).is_err());
    }
}
