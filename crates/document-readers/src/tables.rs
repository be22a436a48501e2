//! Tables as Markdown.

/// A table being read, row by row.
#[derive(Debug, Default, Clone)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
    cell: String,
}

impl Table {
    /// A table of these rows, of text that is not escaped yet.
    pub(crate) fn of(rows: impl IntoIterator<Item = Vec<String>>) -> Self {
        let mut table = Self::default();
        for row in rows {
            table.start_row();
            for cell in row {
                table.push(&cell);
                table.end_cell();
            }
        }
        table
    }

    pub(crate) fn start_row(&mut self) {
        self.rows.push(Vec::new());
    }

    pub(crate) fn push(&mut self, text: &str) {
        self.cell.push_str(text);
    }

    pub(crate) fn end_cell(&mut self) {
        let text = std::mem::take(&mut self.cell);
        let cell = text.trim().replace('|', "\\|").replace(['\n', '\r', '\t'], " ");
        if let Some(row) = self.rows.last_mut() {
            row.push(cell);
        }
    }

    /// The same without blank rows, and without the columns that are blank in all rows; rows as long as each other.
    pub(crate) fn trimmed(mut self) -> Self {
        self.rows.retain(|row| row.iter().any(|cell| !cell.is_empty()));
        let width = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        for row in &mut self.rows {
            row.resize(width, String::new());
        }
        let kept: Vec<bool> = (0..width).map(|column| self.rows.iter().any(|row| !row[column].is_empty())).collect();
        for row in &mut self.rows {
            let mut column = kept.iter();
            row.retain(|_| *column.next().unwrap_or(&true));
        }
        self
    }

    /// The text of the only cell, if there is one only.
    pub(crate) fn only_cell(&self) -> Option<&str> {
        match self.rows.as_slice() {
            [row] if row.len() == 1 => row.first().map(String::as_str),
            _ => None,
        }
    }

    /// The table as Markdown rows: header, rule, body. Empty when it has no rows.
    pub(crate) fn markdown(&self) -> String {
        let mut lines: Vec<String> = self.rows.iter().map(|row| format!("| {} |", row.join(" | "))).collect();
        if let Some(header) = self.rows.first() {
            lines.insert(1, format!("|{}", "---|".repeat(header.len())));
        }
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_as_long_as_each_other_and_blank_ones_are_gone() {
        let rows = [vec!["지역", "", "값"], vec!["", "", ""], vec!["a|b"]];
        let table = Table::of(rows.map(|row| row.into_iter().map(str::to_owned).collect())).trimmed();
        assert_eq!(table.markdown(), "| 지역 | 값 |\n|---|---|\n| a\\|b |  |");
        assert_eq!(Table::default().trimmed().markdown(), "");
    }
}
