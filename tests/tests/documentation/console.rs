//! Reading the `console` blocks of a Markdown file.

/// A command, and the lines shown below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) command: String,
    pub(super) output: Vec<String>,
}

/// The commands of all ```` ```console ```` blocks, in order. A line that ends in `\` goes on in the next.
pub(super) fn commands(markdown: &str) -> Vec<Shown> {
    let mut found: Vec<Shown> = Vec::new();
    let mut inside = false;
    let mut goes_on = false;
    for line in markdown.lines() {
        let bare = line.trim_start();
        if bare.starts_with("```") {
            inside = !inside && bare.trim_end() == "```console";
            goes_on = false;
        } else if inside {
            if let Some(command) = bare.strip_prefix("$ ") {
                found.push(Shown { command: command.to_owned(), output: Vec::new() });
                goes_on = command.ends_with('\\');
            } else if let Some(last) = found.last_mut() {
                if goes_on {
                    last.command = format!("{}\n{line}", last.command);
                    goes_on = line.ends_with('\\');
                } else if !bare.is_empty() {
                    last.output.push(line.trim().to_owned());
                }
            }
        }
    }
    found
}

/// Whether a line of an output is the expected one, in which `…` stands for anything.
fn matches(line: &str, expected: &str) -> bool {
    let mut parts = expected.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = line.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// The expected lines that an output lacks.
pub(super) fn missing<'a>(expected: &'a [String], output: &str) -> Vec<&'a String> {
    let lines: Vec<&str> = output.lines().map(str::trim).collect();
    let absent = |wanted: &&String| *wanted != "…" && !lines.iter().any(|line| matches(line, wanted));
    expected.iter().filter(absent).collect()
}

#[test]
fn commands_are_read_with_their_output_and_their_continuations() {
    let markdown = "```sh\n$ no\n```\n```console\n$ one \\\n    two\nsaid\n\n$ three\n```\ntext\n";
    let shown = |command: &str, output: &[&str]| Shown {
        command: command.to_owned(),
        output: output.iter().map(|line| (*line).to_owned()).collect(),
    };
    assert_eq!(commands(markdown), [shown("one \\\n    two", &["said"]), shown("three", &[])]);
}

#[test]
fn an_ellipsis_stands_for_anything() {
    for (line, expected, matched) in [
        ("{\"id\":\"x\",\"ok\":true}", "{\"id\":\"…\",\"ok\":true}", true),
        ("a b c", "a … c", true),
        ("a b c", "…", true),
        ("a b c", "a b", false),
        ("a b c", "b…", false),
        ("a b c", "a…b", false),
        ("aXbYc", "a…b…c", true),
    ] {
        assert_eq!(matches(line, expected), matched, "{line} / {expected}");
    }
}
