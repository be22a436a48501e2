use std::path::PathBuf;

use uuid::Uuid;

/// How vectors are searched and how much memory they may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// With how many vectors a space begins to build a graph. Default 100,000: of 512 numbers each they are compared in
    /// 18 ms on busy cores, exactly; the graph takes minutes to build and half of that time to search. With 30,000 it
    /// saves nothing. With trained embeddings and the values for them below it saves more.
    pub graph_from: usize,
    /// Memory for all spaces together, in bytes. Default 1 GiB.
    pub memory_limit: u64,
    /// Where spaces with a graph are kept in files; none are without. There is one process to a folder.
    pub folder: Option<PathBuf>,
    /// What the revisions count on, such as the id of a database: a file of another origin is not read. Default nil.
    pub origin: Uuid,
    /// Links of a row on the upper levels of the graph, half of those on the ground. Between 4 and 64. Default 32: of
    /// the ten nearest among 30,000 texts it finds 98 % where 16 find 96 %. For trained embeddings 16 is enough.
    pub connectivity: usize,
    /// How many near rows are looked at to link a new one. Default 256: with 128 two of a hundred more are missed. For
    /// trained embeddings 128 is enough, and takes a third of the time.
    pub expansion_add: usize,
    /// How many near rows a search of the graph looks at, at least. Default 768, which finds 99 % of the ten nearest
    /// among 100,000 texts with vectors of the built-in embedder's kind. For trained embeddings 128 is enough.
    pub expansion_search: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            graph_from: 100_000,
            memory_limit: 1 << 30,
            folder: None,
            origin: Uuid::nil(),
            connectivity: 32,
            expansion_add: 256,
            expansion_search: 768,
        }
    }
}

impl Settings {
    /// The same, with the graph's numbers within what it can do.
    pub(crate) fn bounded(mut self) -> Self {
        self.connectivity = self.connectivity.clamp(4, 64);
        self.expansion_add = self.expansion_add.clamp(self.connectivity, 4096);
        self.expansion_search = self.expansion_search.clamp(1, 4096);
        self
    }
}
