//! What operators see: health, metrics, logs, configuration, the command line, and the quality figures.

mod advisor;
mod command_line;
mod configuration;
mod database;
mod evaluation;
mod logs;
mod pages;
mod passages;
