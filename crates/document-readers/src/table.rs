/// A table being read, row by row.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
    cell: String,
}

impl Table {
    pub(crate) fn start_row(&mut self) {
        self.rows.push(Vec::new());
    }

    pub(crate) fn push(&mut self, text: &str) {
        self.cell.push_str(text);
    }

    pub(crate) fn end_cell(&mut self) {
        let cell = std::mem::take(&mut self.cell).trim().replace('|', "\\|").replace('\n', " ");
        if let Some(row) = self.rows.last_mut() {
            row.push(cell);
        }
    }

    /// The table as Markdown rows: header, rule, body.
    pub(crate) fn markdown(&self) -> String {
        let mut lines: Vec<String> = self.rows.iter().map(|row| format!("| {} |", row.join(" | "))).collect();
        if let Some(header) = self.rows.first() {
            lines.insert(1, format!("|{}", "---|".repeat(header.len())));
        }
        lines.join("\n")
    }
}
