//! Adding a row to a graph (Malkov and Yashunin 2016, algorithms 1 and 4).

use super::walk::{Ground, Near, Notes};

impl Ground<'_> {
    /// Links a row with the nearest of those that are linked. One thread at a time may.
    pub(crate) fn link(&self, row: u32, width: usize, notes: &mut Notes) {
        let Some(vector) = self.rows.vector(row) else { return };
        let level = self.links.level(row);
        self.links.raise(row);
        let Some((_, top)) = self.links.entry() else {
            self.links.mark(row);
            self.links.enter_at(row, level);
            return;
        };
        let mut from: Vec<Near> = self.descend(vector, level).into_iter().collect();
        for level in (0..=level.min(top)).rev() {
            let found = self.walk(vector, &from, width, level, |near| near != row, notes);
            let chosen = self.choose(&found, self.links.connectivity());
            self.links.set(row, level, chosen.iter().map(|near| near.row));
            for near in &chosen {
                self.link_back(near, row, level);
            }
            from = found;
        }
        self.links.mark(row);
        if level > top {
            self.links.enter_at(row, level);
        }
    }

    /// Gives a row a link to a new one; when it has no room, the links are chosen anew.
    fn link_back(&self, near: &Near, new: u32, level: usize) {
        if self.links.add(near.row, level, new) {
            return;
        }
        let Some(vector) = self.rows.vector(near.row) else { return };
        let linked = self.links.of(near.row, level).filter_map(|row| self.near(vector, row));
        let mut all: Vec<Near> = linked.chain([Near { score: near.score, tie: new, row: new }]).collect();
        all.sort_by(|a, b| b.cmp(a));
        let chosen = self.choose(&all, self.links.most(level));
        self.links.set(near.row, level, chosen.iter().map(|near| near.row));
    }

    /// Of rows, nearest first, those to link to: each nearer to the one that links than to any chosen before, so that
    /// links lead in all directions. Equal rows stand for each other: a link to one of them is enough.
    fn choose(&self, rows: &[Near], most: usize) -> Vec<Near> {
        let mut chosen: Vec<Near> = Vec::with_capacity(most);
        for near in rows {
            if chosen.len() == most {
                break;
            }
            let Some(vector) = self.rows.vector(near.row) else { continue };
            let apart = chosen.iter().filter_map(|other| self.near(vector, other.row));
            if apart.into_iter().all(|other| other.score < near.score) {
                chosen.push(*near);
            }
        }
        chosen
    }
}
