//! Figures, as a table for people and as JSON.

use std::io::Write;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::stats::Summary;

/// One figure: what its rounds gave, and the target it is held to.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Figure {
    measurement: &'static str,
    name: String,
    unit: &'static str,
    median: f64,
    min: f64,
    max: f64,
    /// Rounds, or samples where a figure has no rounds.
    of: usize,
    /// The most the median may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    at_most: Option<f64>,
    /// The least the median may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    at_least: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    met: Option<bool>,
}

impl Figure {
    /// A figure of one or more rounds.
    ///
    /// # Errors
    /// When there was no round.
    pub(crate) fn of(
        measurement: &'static str,
        name: impl Into<String>,
        unit: &'static str,
        values: &[f64],
    ) -> Result<Self> {
        let name = name.into();
        let Summary { median, min, max } =
            Summary::of(values).with_context(|| format!("{measurement}: no round gave {name}"))?;
        Ok(Self {
            measurement,
            name,
            unit,
            median,
            min,
            max,
            of: values.len(),
            at_most: None,
            at_least: None,
            met: None,
        })
    }

    /// Sets the target; a floor has none.
    pub(crate) fn at_most(mut self, bound: impl Into<Option<f64>>) -> Self {
        self.at_most = bound.into();
        self.met = self.at_most.map(|bound| self.median <= bound);
        self
    }

    /// The same for a figure of which more is better.
    pub(crate) fn at_least(mut self, bound: impl Into<Option<f64>>) -> Self {
        self.at_least = bound.into();
        self.met = self.at_least.map(|bound| self.median >= bound);
        self
    }
}

/// All figures of a run, under the machine that gave them.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    machine: String,
    figures: Vec<Figure>,
}

impl Report {
    pub(crate) const fn new(machine: String) -> Self {
        Self { machine, figures: Vec::new() }
    }

    pub(crate) fn extend(&mut self, figures: Vec<Figure>) {
        self.figures.extend(figures);
    }

    pub(crate) fn print_json(&self) -> Result<()> {
        let mut out = std::io::stdout().lock();
        serde_json::to_writer_pretty(&mut out, self)?;
        writeln!(out)?;
        Ok(())
    }

    pub(crate) fn print_table(&self) -> Result<()> {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{}", self.machine)?;
        let width = self.figures.iter().map(|figure| figure.name.chars().count()).max().unwrap_or_default();
        let mut measurement = "";
        for figure in &self.figures {
            if figure.measurement != measurement {
                measurement = figure.measurement;
                writeln!(out, "\n{measurement}: median (min to max)")?;
            }
            let Figure { name, unit, median, min, max, of, .. } = figure;
            write!(out, "  {name:width$}  {:>9} {unit:5}", short(*median))?;
            if *of > 1 {
                write!(out, " ({} to {}, of {of})", short(*min), short(*max))?;
            }
            let bounds = [("at most", figure.at_most), ("at least", figure.at_least)];
            for (which, bound) in bounds.into_iter().filter_map(|(which, bound)| Some((which, bound?))) {
                let met = if figure.met == Some(true) { "met" } else { "NOT MET" };
                write!(out, "  target {which} {}: {met}", short(bound))?;
            }
            writeln!(out)?;
        }
        Ok(())
    }
}

/// Three significant digits or so: more would be noise.
fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// Tells on the error output how far a run is; figures go to the standard output alone.
pub(crate) fn progress(step: &str) -> Result<()> {
    writeln!(std::io::stderr(), "{step}")?;
    Ok(())
}
