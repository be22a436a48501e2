//! A space in its file.

use std::fs;
use std::path::{Path, PathBuf};

use uuid::Uuid;
use vector_search::{Change, Settings, Space, Spaces};

use crate::data::{Clusters, Random};
use crate::{PATIENCE, id, put, questions, with_graph};

const SPACE: i64 = 7;
const DIMENSION: usize = 16;
const NEWEST: i64 = 100;

fn settings(folder: &Path) -> Settings {
    Settings { folder: Some(folder.to_owned()), ..with_graph() }
}

fn open(folder: &Path) -> Space {
    Spaces::new(settings(folder)).open(SPACE, DIMENSION, NEWEST).unwrap()
}

fn source() -> Clusters {
    Clusters::new(DIMENSION, 10, 1.0)
}

fn path(folder: &Path) -> PathBuf {
    folder.join("7.vectors")
}

/// A folder with the file of a space at revision 42, and the space.
fn kept() -> (tempfile::TempDir, Space) {
    let folder = tempfile::tempdir().unwrap();
    let space = open(folder.path());
    space.apply(put(&source(), &mut Random(1), 0..1000), 41).unwrap();
    space.apply((0..30).map(|number| Change::Remove(id(number))), 42).unwrap();
    assert!(space.settle(PATIENCE));
    assert!(space.save().unwrap());
    (folder, space)
}

fn is_empty(space: &Space) -> bool {
    space.revision() == 0 && space.is_empty()
}

#[test]
fn a_space_comes_back_with_its_graph() {
    let (folder, before) = kept();
    let after = open(folder.path());
    assert_eq!((after.revision(), after.len(), after.figures().compared), (42, 970, 0));
    for question in questions(&source(), 50) {
        assert_eq!(after.search(&question, 20).unwrap(), before.search(&question, 20).unwrap());
    }
}

#[test]
fn a_space_that_came_back_takes_changes() {
    let (folder, _) = kept();
    let space = open(folder.path());
    let Change::Put(_, vector) = put(&source(), &mut Random(8), 0..1).remove(0) else { panic!() };
    space.apply([Change::Put(id(500), vector.clone()), Change::Remove(id(501))], 43).unwrap();
    assert!(space.settle(PATIENCE));
    assert_eq!((space.len(), space.revision()), (969, 43));
    assert_eq!(space.search(&vector, 1).unwrap()[0].0, id(500));
    assert!(space.search(&vector, 969).unwrap().iter().all(|(found, _)| *found != id(501)));
}

#[test]
fn a_graph_is_written_by_itself_when_it_is_built() {
    let folder = tempfile::tempdir().unwrap();
    let space = open(folder.path());
    space.apply(put(&source(), &mut Random(1), 0..100), 1).unwrap();
    assert!(space.settle(PATIENCE) && !path(folder.path()).exists(), "a hundred are read as quickly anew");
    space.apply(put(&source(), &mut Random(2), 100..400), 2).unwrap();
    assert!(space.settle(PATIENCE) && path(folder.path()).exists());
    assert_eq!(open(folder.path()).revision(), 2);
}

#[test]
fn a_file_cut_anywhere_is_not_read() {
    let (folder, _) = kept();
    let whole = fs::read(path(folder.path())).unwrap();
    let places = (0..whole.len()).step_by(997).chain([1, 8, whole.len() - 1]);
    for length in places {
        fs::write(path(folder.path()), &whole[..length]).unwrap();
        assert!(is_empty(&open(folder.path())), "cut after {length} bytes");
    }
}

#[test]
fn a_file_with_a_wrong_bit_anywhere_is_not_read() {
    let (folder, _) = kept();
    let mut bytes = fs::read(path(folder.path())).unwrap();
    for place in (0..bytes.len()).step_by(991).chain(0..100) {
        bytes[place] ^= 0x10;
        fs::write(path(folder.path()), &bytes).unwrap();
        assert!(is_empty(&open(folder.path())), "a bit at {place}");
        bytes[place] ^= 0x10;
    }
}

#[test]
fn a_file_with_something_behind_its_end_is_not_read() {
    let (folder, _) = kept();
    let mut bytes = fs::read(path(folder.path())).unwrap();
    bytes.push(0);
    fs::write(path(folder.path()), &bytes).unwrap();
    assert!(is_empty(&open(folder.path())));
}

#[test]
fn a_file_of_vectors_of_another_length_is_not_read() {
    let (folder, _) = kept();
    let space = Spaces::new(settings(folder.path())).open(SPACE, DIMENSION + 1, NEWEST).unwrap();
    assert!(is_empty(&space) && space.dimension() == DIMENSION + 1);
}

#[test]
fn a_file_of_another_space_or_database_or_graph_is_not_read() {
    let (folder, _) = kept();
    fs::copy(path(folder.path()), folder.path().join("8.vectors")).unwrap();
    assert!(is_empty(&Spaces::new(settings(folder.path())).open(8, DIMENSION, NEWEST).unwrap()));
    let elsewhere = Settings { origin: Uuid::from_u128(5), ..settings(folder.path()) };
    assert!(is_empty(&Spaces::new(elsewhere).open(SPACE, DIMENSION, NEWEST).unwrap()));
    let denser = Settings { connectivity: 24, ..settings(folder.path()) };
    assert!(is_empty(&Spaces::new(denser).open(SPACE, DIMENSION, NEWEST).unwrap()));
}

#[test]
fn a_file_newer_than_its_truth_is_not_read() {
    let (folder, _) = kept();
    assert!(is_empty(&Spaces::new(settings(folder.path())).open(SPACE, DIMENSION, 41).unwrap()));
    assert_eq!(Spaces::new(settings(folder.path())).open(SPACE, DIMENSION, 42).unwrap().revision(), 42);
}

#[test]
fn a_space_whose_file_was_not_read_is_built_and_written_again() {
    let (folder, _) = kept();
    fs::write(path(folder.path()), b"").unwrap();
    let space = open(folder.path());
    space.apply(put(&source(), &mut Random(1), 0..1000), 50).unwrap();
    assert!(space.settle(PATIENCE));
    assert_eq!((open(folder.path()).revision(), open(folder.path()).len()), (50, 1000));
}

#[test]
fn a_folder_that_cannot_be_written_is_told_and_nothing_else_fails() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a file");
    fs::write(&file, b"").unwrap();
    let space = Space::new(SPACE, DIMENSION, settings(&file));
    space.apply(put(&source(), &mut Random(1), 0..400), 1).unwrap();
    assert!(space.settle(PATIENCE));
    assert!(space.save().unwrap_err().to_string().contains("7.vectors"));
    assert_eq!(space.search(&questions(&source(), 1)[0], 3).unwrap().len(), 3);
}

#[test]
fn a_removed_space_leaves_no_file() {
    let (folder, _) = kept();
    let spaces = Spaces::new(settings(folder.path()));
    spaces.open(SPACE, DIMENSION, NEWEST).unwrap();
    spaces.remove(SPACE).unwrap();
    spaces.remove(SPACE).unwrap();
    assert!(spaces.get(SPACE).is_none() && !path(folder.path()).exists());
}
