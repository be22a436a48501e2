use chat_analytics::advisor::TriggerKind;
use serde::Deserialize;

use super::locale::Locale;

/// What a server says.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Advice {
    window_seconds: u64,
    cache: String,
    cache_hit_ratio: Option<f64>,
    triggers: Vec<Trigger>,
    recommendation: String,
}

#[derive(Debug, Deserialize)]
struct Trigger {
    name: String,
    threshold: f64,
    comparison: String,
    value: Option<f64>,
    unit: String,
    fires: bool,
    note: String,
}

/// The figures one below the other, and what follows from them.
pub(super) fn table(advice: &Advice, locale: Locale) -> String {
    let head = [("지표", "figure"), ("값", "value"), ("기준", "threshold"), ("넘음", "passed"), ("설명", "note")];
    let mut rows = vec![head.map(|(korean, english)| locale.pick(korean, english).to_owned())];
    rows.extend(advice.triggers.iter().map(|trigger| row(trigger, locale)));
    let widths: Vec<usize> =
        (0..head.len()).map(|at| rows.iter().map(|row| width(&row[at])).max().unwrap_or_default()).collect();
    let mut lines: Vec<String> = rows.iter().map(|row| line(row, &widths)).collect();
    lines.push(String::new());
    lines.push(circumstances(advice, locale));
    lines.push(advice.recommendation.clone());
    lines.join("\n")
}

fn row(trigger: &Trigger, locale: Locale) -> [String; 5] {
    let label = TriggerKind::ALL.into_iter().find(|kind| kind.name() == trigger.name).map(TriggerKind::label);
    let passed = match (trigger.value, trigger.fires) {
        (None, _) => "?",
        (_, true) => locale.pick("예", "yes"),
        (_, false) => locale.pick("아니요", "no"),
    };
    [
        // A newer server may tell more than this program has a name for.
        label.map_or_else(|| trigger.name.clone(), |label| locale.pick(label.korean, label.english).to_owned()),
        trigger.value.map_or_else(|| "–".to_owned(), |value| amount(value, &trigger.unit, locale)),
        format!("{} {}", trigger.comparison, amount(trigger.threshold, &trigger.unit, locale)),
        passed.to_owned(),
        trigger.note.clone(),
    ]
}

/// A number with its unit; a fraction only where there is one.
fn amount(value: f64, unit: &str, locale: Locale) -> String {
    let number = format!("{value:.1}");
    let number = number.strip_suffix(".0").unwrap_or(&number);
    match unit {
        "ms" => format!("{number} ms"),
        "perSecond" => format!("{number}{}", locale.pick("/초", "/s")),
        "percent" => format!("{number} %"),
        _ => number.to_owned(),
    }
}

fn circumstances(advice: &Advice, locale: Locale) -> String {
    let (seconds, cache) = (advice.window_seconds, &advice.cache);
    let hits = advice.cache_hit_ratio.map(|ratio| amount(ratio, "percent", locale));
    match (locale, hits) {
        (Locale::Korean, None) => format!("측정 구간 {seconds}초, 캐시 {cache}"),
        (Locale::Korean, Some(hits)) => format!("측정 구간 {seconds}초, 캐시 {cache} (적중률 {hits})"),
        (Locale::English, None) => format!("window {seconds} s, cache {cache}"),
        (Locale::English, Some(hits)) => format!("window {seconds} s, cache {cache} (hit ratio {hits})"),
    }
}

fn line(cells: &[String; 5], widths: &[usize]) -> String {
    let padded = cells
        .iter()
        .zip(widths)
        .map(|(cell, width_of_column)| format!("{cell}{}", " ".repeat(width_of_column.saturating_sub(width(cell)))));
    padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

/// The columns of a terminal that a text takes: two for a letter of Hangul.
fn width(text: &str) -> usize {
    text.chars()
        .map(|letter| if ('\u{1100}'..='\u{D7FF}').contains(&letter) && !is_narrow(letter) { 2 } else { 1 })
        .sum()
}

/// Punctuation such as a dash.
const fn is_narrow(letter: char) -> bool {
    matches!(letter, '\u{2000}'..='\u{2BFF}')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn advice() -> Advice {
        let trigger = |name: &str, value: Option<f64>, fires: bool| {
            json!({"name": name, "threshold": 50.0, "comparison": ">", "value": value, "unit": "ms", "fires": fires,
                "note": "a note"})
        };
        let triggers = json!([
            trigger("sessionQueryP95", Some(59.46), true),
            trigger("databaseCpu", None, false),
            trigger("of tomorrow", Some(1.0), false)
        ]);
        serde_json::from_value(json!({"windowSeconds": 300, "cache": "none", "cacheHitRatio": null,
            "triggers": triggers, "recommendation": "Do nothing.", "verdict": "notNeeded", "measuredAt": ""}))
        .unwrap()
    }

    #[test]
    fn the_table_in_english() {
        let expected = "\
figure             value    threshold  passed  note
session query p95  59.5 ms  > 50 ms    yes     a note
database CPU       –        > 50 ms    ?       a note
of tomorrow        1 ms     > 50 ms    no      a note

window 300 s, cache none
Do nothing.";
        assert_eq!(table(&advice(), Locale::English), expected);
    }

    #[test]
    fn korean_columns_stand_below_each_other() {
        let table = table(&advice(), Locale::Korean);
        let at: Vec<usize> =
            table.lines().skip(1).take(3).map(|line| width(line.split("> 50").next().unwrap())).collect();
        assert_eq!(at, [at[0]; 3], "{table}");
        assert!(table.contains("세션 쿼리 p95") && table.contains("측정 구간 300초"), "{table}");
    }

    #[test]
    fn amounts_have_their_unit_and_no_needless_fraction() {
        for (value, unit, expected) in
            [(200.0, "users", "200"), (12.34, "perSecond", "12.3/s"), (70.0, "percent", "70 %"), (0.04, "ms", "0 ms")]
        {
            assert_eq!(amount(value, unit, Locale::English), expected);
        }
    }
}
