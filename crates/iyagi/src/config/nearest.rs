//! "Did you mean …": the known key a mistyped one is nearest to.

use super::schema::FIELDS;

/// The known `section.key` that `path` is probably meant to be: a slip of a few letters, or the
/// right key in the wrong section.
pub(super) fn nearest(path: &str) -> Option<&'static str> {
    let leaf = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    FIELDS
        .iter()
        .filter_map(|field| {
            let whole = allowed(distance(path, field.path), path);
            let only_leaf = allowed(distance(&leaf(path), &leaf(field.path)), &leaf(path)).map(|slips| slips + 1);
            Some((whole.into_iter().chain(only_leaf).min()?, field.path))
        })
        .min()
        .map(|(_, path)| path)
}

/// The end of a message about an unknown key: `; did you mean …?`, or nothing.
pub(super) fn suggestion(name: Option<impl std::fmt::Display>) -> String {
    name.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

fn allowed(slips: usize, word: &str) -> Option<usize> {
    (slips <= word.chars().count().div_ceil(4).min(3)).then_some(slips)
}

/// Letters to add, drop, change or swap with their neighbour (optimal string alignment).
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let mut rows = vec![vec![0; right.len() + 1]; left.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=left.len() {
        for j in 1..=right.len() {
            let changed = usize::from(left[i - 1] != right[j - 1]);
            let mut best = (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + changed);
            if i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[left.len()][right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_a_swap_and_a_wrong_section_lead_to_the_key_that_was_meant() {
        for (typed, meant) in [
            ("server.prot", Some("server.port")),
            ("sever.port", Some("server.port")),
            ("port", Some("server.port")),
            ("session.pool_max", Some("database.pool_max")),
            ("chat.history_token", Some("chat.history_tokens")),
            ("retreival.limit", Some("retrieval.limit")),
            ("server_port", Some("server.port")),
            ("server.colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed), meant, "{typed}");
        }
    }
}
