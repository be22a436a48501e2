//! A block of rows with their links.

use std::io::{Read, Write};

use uuid::Uuid;

use super::Refused;
use super::bytes::{Cursor, put_floats, read_check, read_more, write_checked};
use crate::graph::Links;
use crate::rows::{BLOCK, Mask, Rows, bits};

/// Marks a place for a link that is free.
const NONE: u32 = u32::MAX;

pub(super) fn write(file: &mut impl Write, rows: &Rows, links: &Links, block: usize) -> std::io::Result<()> {
    let (ids, vectors) = rows.content(block);
    let linked = links.linked(block);
    let mut bytes = Vec::with_capacity(fixed(ids.len(), rows.dimension(), links));
    bytes.extend(ids.iter().flat_map(Uuid::as_bytes));
    bytes.extend(rows.live(block).iter().chain(&linked).flat_map(|word| word.to_le_bytes()));
    put_floats(&mut bytes, vectors);
    for at in 0..ids.len() {
        put_links(&mut bytes, links, number(block, at), 0);
    }
    for (row, level) in above(block, &linked, links) {
        put_links(&mut bytes, links, row, level);
    }
    write_checked(file, &bytes)
}

fn put_links(bytes: &mut Vec<u8>, links: &Links, row: u32, level: usize) {
    let all = links.of(row, level).chain(std::iter::repeat(NONE));
    bytes.extend(all.take(links.most(level)).flat_map(u32::to_le_bytes));
}

/// Reads the next block of so many rows into both.
pub(super) fn read(file: &mut impl Read, count: usize, rows: &mut Rows, links: &mut Links) -> Result<(), Refused> {
    let block = rows.blocks();
    links.cover(block + 1);
    let mut bytes = Vec::new();
    read_more(file, &mut bytes, fixed(count, rows.dimension(), links))?;
    let (_, linked) = masks(&bytes, count)?;
    let upper: usize = above(block, &linked, links).map(|(_, level)| links.most(level) * 4).sum();
    read_more(file, &mut bytes, upper)?;
    read_check(file, &bytes)?;

    let (live, linked) = masks(&bytes, count)?;
    let mut cursor = Cursor(&bytes);
    let ids = (0..count).map(|_| cursor.array().map(Uuid::from_bytes)).collect::<Result<Vec<_>, _>>()?;
    cursor.array::<{ 2 * size_of::<Mask>() }>()?;
    let vectors = cursor.words(count * rows.dimension())?.map(f32::from_le_bytes).collect();
    rows.push_block(ids, vectors, live);
    for at in 0..count {
        take_links(&mut cursor, links, number(block, at), 0)?;
    }
    for (row, level) in above(block, &linked, links).collect::<Vec<_>>() {
        links.raise(row);
        take_links(&mut cursor, links, row, level)?;
    }
    bits(&linked).for_each(|at| links.mark(number(block, at)));
    Ok(())
}

fn take_links(cursor: &mut Cursor, links: &Links, row: u32, level: usize) -> Result<(), Refused> {
    let words = cursor.words(links.most(level))?;
    links.set(row, level, words.map(u32::from_le_bytes).take_while(|link| *link != NONE));
    Ok(())
}

/// The live and the linked rows, which have to be among those that there are.
fn masks(bytes: &[u8], count: usize) -> Result<(Mask, Mask), Refused> {
    let mut cursor = Cursor(bytes.get(count * size_of::<Uuid>()..).ok_or(Refused::Damaged)?);
    let mut mask = || -> Result<Mask, Refused> {
        let mut mask = Mask::default();
        for word in &mut mask {
            *word = cursor.u64()?;
        }
        if bits(&mask).all(|at| at < count) { Ok(mask) } else { Err(Refused::Damaged) }
    };
    Ok((mask()?, mask()?))
}

/// The length of a block without its upper links, in bytes.
fn fixed(count: usize, dimension: usize, links: &Links) -> usize {
    count * (size_of::<Uuid>() + dimension * 4 + links.most(0) * 4) + 2 * size_of::<Mask>()
}

/// The linked rows of a block with each of their levels above the ground.
fn above(block: usize, linked: &Mask, links: &Links) -> impl Iterator<Item = (u32, usize)> {
    bits(linked).flat_map(move |at| {
        let row = number(block, at);
        (1..=links.level(row)).map(move |level| (row, level))
    })
}

fn number(block: usize, at: usize) -> u32 {
    (block * BLOCK + at) as u32
}
