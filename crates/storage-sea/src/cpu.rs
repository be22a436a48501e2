//! The processor time of processes on this machine, as Linux tells it in `/proc`.

use std::path::Path;
use std::time::Duration;

/// How long is looked on for a share of the processor.
pub const SAMPLE: Duration = Duration::from_millis(500);
/// The unit of times in `/proc`: Linux tells programs a hundredth of a second on every machine but those of two
/// families that are no longer made.
const TICKS_PER_SECOND: f64 = 100.0;

/// A process as it was at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub pid: i32,
    /// The name of its program, at most 15 bytes.
    pub name: String,
    /// The id of the process that started it.
    pub parent: i32,
    /// The processor time that it has taken, in hundredths of a second.
    ticks: u64,
    /// When it was started, in hundredths of a second after the machine was.
    started: u64,
}

/// Whether this machine tells of its processes.
pub fn is_readable() -> bool {
    Path::new("/proc/self/stat").exists() && Path::new("/proc/uptime").exists()
}

impl Process {
    /// The process with that id, if there is one to be seen.
    pub fn of(pid: i32) -> Option<Self> {
        Self::parse(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// This process.
    pub fn this() -> Option<Self> {
        Self::parse(&std::fs::read_to_string("/proc/self/stat").ok()?)
    }

    /// See `proc_pid_stat(5)`. The name is in parentheses and may hold any character, parentheses too.
    fn parse(stat: &str) -> Option<Self> {
        let (pid, rest) = stat.split_once(" (")?;
        let (name, rest) = rest.rsplit_once(") ")?;
        // The state, which is the third field of the manual, is the first one here.
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
        Some(Self {
            pid: pid.parse().ok()?,
            name: name.to_owned(),
            parent: fields.get(1)?.parse().ok()?,
            ticks: number(11)? + number(12)?,
            started: number(19)?,
        })
    }

    /// How long it has been running.
    pub fn age(&self) -> Option<Duration> {
        let uptime = std::fs::read_to_string("/proc/uptime").ok()?;
        let uptime: f64 = uptime.split_ascii_whitespace().next()?.parse().ok()?;
        let age = uptime - self.started as f64 / TICKS_PER_SECOND;
        Duration::try_from_secs_f64(age.max(0.0)).ok()
    }
}

/// The processor time that was taken between two looks, in percent of all cores that this process may use, 0 to 100.
/// Processes that are in one of the looks only are left out.
pub fn percent(before: &[Process], after: &[Process], elapsed: Duration) -> f64 {
    let taken: u64 = after.iter().filter_map(|now| Some(now.ticks.saturating_sub(same(before, now)?.ticks))).sum();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let possible = elapsed.as_secs_f64() * cores as f64;
    if possible <= 0.0 {
        return 0.0;
    }
    (taken as f64 / TICKS_PER_SECOND / possible * 100.0).min(100.0)
}

/// The same process in an earlier look; its id alone may have been given to another one since.
fn same<'a>(earlier: &'a [Process], process: &Process) -> Option<&'a Process> {
    earlier.iter().find(|other| (other.pid, other.started) == (process.pid, process.started))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(pid: i32, started: u64, ticks: u64) -> Process {
        Process { pid, name: "postgres".into(), parent: 1, ticks, started }
    }

    #[test]
    fn a_line_is_read_whatever_the_name_of_the_program() {
        let line = "22870 (a) b (c) R 22865 22865 20980 0 -1 4194304 102 0 0 0 7 5 0 0 20 0 1 0 1208151 2998272 390";
        let expected = Process { pid: 22_870, name: "a) b (c".into(), parent: 22_865, ticks: 12, started: 1_208_151 };
        assert_eq!(Process::parse(line), Some(expected));
        for broken in ["", "1", "1 (a", "1 (a) R 2", "x (a) R 1 2 3"] {
            assert_eq!(Process::parse(broken), None, "{broken}");
        }
    }

    #[test]
    fn only_what_ran_all_the_time_is_counted_and_never_more_than_there_is() {
        let cores = std::thread::available_parallelism().unwrap().get() as f64;
        let before = [process(1, 10, 100), process(2, 10, 100)];
        let after = [process(1, 10, 110), process(2, 20, 900), process(3, 20, 900)];
        let share = percent(&before, &after, Duration::from_secs(1));
        assert!((share - 10.0 / cores).abs() < 1e-9, "{share}");
        assert!((percent(&before, &[process(1, 10, 99_999)], Duration::from_secs(1)) - 100.0).abs() < 1e-9);
        assert!(percent(&before, &after, Duration::ZERO).abs() < 1e-9);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_is_to_be_seen_and_has_an_age() {
        let this = Process::this().unwrap();
        assert_eq!(this.pid, std::process::id().cast_signed());
        assert!(this.age().unwrap() < Duration::from_hours(1));
        assert_eq!(Process::of(this.pid).map(|process| process.started), Some(this.started));
    }
}
