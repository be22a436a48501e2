//! What an import says.

use serde::Serialize;
use session_import::{Import, Report, RollbackReport, Skipped, Tally, Verification};

/// How many rows that were left behind are shown to people; JSON has all.
const SHOWN: usize = 20;

pub(super) fn print(report: &Report, target: &str, json: bool) -> anyhow::Result<()> {
    if json {
        return print_json(report);
    }
    let import = &report.import;
    let what = if report.dry_run { "dry run, nothing was written:" } else { "import" };
    let again = if report.resumed { ", going on with one that was stopped" } else { "" };
    println!("{what} {} of {} ({}) into {target}{again}", import.id, import.origin, import.kind);
    if let Some(backup) = &import.backup {
        println!("backup    {backup}");
    }
    println!("{:<9} {:>9} {:>9} {:>9} {:>9}", "", "read", "imported", "present", "skipped");
    for (name, tally) in [("sessions", report.sessions), ("messages", report.messages), ("feedback", report.feedback)] {
        let Tally { read, imported, present, skipped } = tally;
        println!("{name:<9} {read:>9} {imported:>9} {present:>9} {skipped:>9}");
    }
    for (repair, times) in &report.notes.repairs {
        println!("repaired  {times} × {}", repair.text());
    }
    for skipped in report.notes.skipped.iter().take(SHOWN) {
        println!("skipped   {}", line(skipped));
    }
    if report.notes.skipped.len() > SHOWN {
        println!("skipped   … and {} more; --json lists all", report.notes.skipped.len() - SHOWN);
    }
    if let Some(found) = &report.verification {
        println!("{}", verified(found));
        println!("take it back with: iyagi import --rollback {}", import.id);
    }
    Ok(())
}

fn line(skipped: &Skipped) -> String {
    let id = skipped.id.as_deref().unwrap_or("without id");
    let of = skipped.session.as_deref().map(|session| format!(" of session {session}")).unwrap_or_default();
    let with = skipped.messages.map(|count| format!(" with {count} messages")).unwrap_or_default();
    let detail = skipped.detail.as_deref().map(|detail| format!(" ({detail})")).unwrap_or_default();
    let line = format!("{} {id}{of}{with}: {}{detail}", skipped.what, skipped.reason.text());
    // An id of another system may hold anything, also what a terminal obeys.
    line.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect()
}

fn verified(found: &Verification) -> String {
    let Verification { sessions, messages, used_since, differences } = found;
    let used = if *used_since > 0 { format!(", {used_since} used since") } else { String::new() };
    format!("verified  {sessions} sessions, {messages} messages, {} differ{used}", differences.len())
}

pub(super) fn print_verification(found: &Verification, json: bool) -> anyhow::Result<()> {
    if json {
        return print_json(found);
    }
    println!("{}", verified(found));
    Ok(())
}

pub(super) fn print_rollback(report: &RollbackReport, json: bool) -> anyhow::Result<()> {
    if json {
        return print_json(report);
    }
    println!(
        "removed {} sessions with {} messages that import {} brought",
        report.sessions, report.messages, report.import
    );
    for kept in &report.kept {
        println!("kept    {} ({} in the source): {}", kept.session, kept.source_id, kept.what);
    }
    if !report.kept.is_empty() {
        println!("--force removes those as well");
    }
    Ok(())
}

pub(super) fn print_list(imports: &[Import], json: bool) -> anyhow::Result<()> {
    if json {
        return print_json(&imports);
    }
    for import in imports {
        let state = serde_json::to_value(import.state)?;
        let sessions = &import.report["sessions"]["imported"];
        println!(
            "{}  {}  {:<18} {:>8} sessions  {} ({})",
            import.id,
            import.started_at,
            state.as_str().unwrap_or_default(),
            if sessions.is_null() { "?".to_owned() } else { sessions.to_string() },
            import.origin,
            import.kind
        );
    }
    if imports.is_empty() {
        println!("nothing was imported yet");
    }
    Ok(())
}

fn print_json<T: Serialize>(value: &T) -> anyhow::Result<()> {
    println!("{}", serde_json::to_string_pretty(value)?);
    Ok(())
}
