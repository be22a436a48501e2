use std::process::ExitCode;

use anyhow::Context;

/// `iyagi read-documents`: the process that reads what strangers send, started by the server itself.
pub(super) fn run() -> anyhow::Result<ExitCode> {
    document_readers::worker::run().context("what was asked is no request")?;
    Ok(ExitCode::SUCCESS)
}
