# Lists the recipes.
default:
    @just --list

# Runs all tests; installs the servers they need when they are missing.
test *arguments:
    ./scripts/ci-steps.sh test {{ arguments }}

# Formats the code.
fmt:
    cargo fmt --all

# Fails when the code is not formatted.
fmt-check:
    ./scripts/ci-steps.sh fmt-check

# Lints everything, warnings are errors.
clippy:
    ./scripts/ci-steps.sh clippy

# Checks licences, banned crates, sources and, where it can be fetched, known vulnerabilities.
deny:
    ./scripts/ci-steps.sh deny

# Builds the documentation, warnings are errors.
doc:
    ./scripts/ci-steps.sh doc

# All of CI's steps.
ci:
    bash .ci/run

# A server with sample documents, nothing else needed.
demo *arguments:
    cargo run --release --package iyagi -- demo {{ arguments }}

# Retrieval quality on the sample questions.
eval *arguments:
    cargo run --release --package iyagi -- eval {{ arguments }}

# Load and latency figures of docs/BENCHMARKS.md.
bench *arguments="all":
    cargo run --release --package iyagi-benches -- {{ arguments }}
