//! What the tests start as a reading process; the main program does the same behind a subcommand.

fn main() -> std::io::Result<()> {
    document_readers::worker::run()
}
