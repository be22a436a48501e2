use std::process::ExitCode;

use crate::config::{LoadOptions, check as check_config};

/// `iyagi config check`.
pub(super) fn check(options: &LoadOptions, json: bool) -> anyhow::Result<ExitCode> {
    let report = check_config(options);
    if json {
        println!("{}", serde_json::to_string_pretty(&report.to_json())?);
    } else {
        println!("{}", report.to_table().trim_end());
    }
    Ok(if report.is_valid() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
