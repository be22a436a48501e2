use std::time::Duration;

use kernel::Timestamp;

use super::{Reading, Trigger, TriggerKind, Wording};

/// What stands between the server and its database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheKind {
    /// Nothing: every session is read from the database.
    None,
    /// Redis.
    Redis,
}

/// Which cache is in use, and what it does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CacheUse {
    /// Which one.
    pub kind: CacheKind,
    /// The share of look-ups that it answered, 0 to 1; `None` without one, or before the first look-up.
    pub hit_ratio: Option<f64>,
}

/// Everything that advice is built on, of one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures {
    /// When it was measured.
    pub measured_at: Timestamp,
    /// How far back traffic was looked at.
    pub window: Duration,
    /// The cache in use.
    pub cache: CacheUse,
    /// The triggers, each once.
    pub triggers: Vec<Trigger>,
}

/// Whether to add Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// No load is high.
    NotNeeded,
    /// Some load is high, and a cache would mostly miss.
    WouldNotPay,
    /// One load is high, or several while it is not known what a cache would hit.
    WorthAdding,
    /// Several loads are high, and a cache would answer most look-ups.
    AddNow,
    /// It is on, and answers most look-ups.
    OnAndPays,
    /// It is on, and mostly misses.
    OnAndDoesNotPay,
    /// It is on, and nothing was looked up yet.
    OnAndUnknown,
}

/// Figures and what follows from them.
#[derive(Debug, Clone, PartialEq)]
pub struct Advice {
    /// The figures.
    pub figures: Figures,
    /// What follows.
    pub verdict: Verdict,
}

/// So many loads call for a cache without delay.
const SEVERAL: usize = 2;

impl CacheKind {
    /// Its name for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Redis => "redis",
        }
    }
}

impl CacheUse {
    /// No cache.
    pub const NONE: Self = Self { kind: CacheKind::None, hit_ratio: None };
}

impl Figures {
    fn loads(&self) -> usize {
        self.triggers.iter().filter(|trigger| trigger.kind.is_load() && trigger.fires()).count()
    }

    /// Whether a cache would pay; `None` when that is not known.
    fn would_pay(&self) -> Option<bool> {
        let expected = self.triggers.iter().find(|trigger| trigger.kind == TriggerKind::ExpectedHitRatio)?;
        expected.reading.value().map(|_| expected.fires())
    }
}

impl Verdict {
    /// The rule. With a cache, its real hit ratio decides, against the same threshold as the expected one.
    /// Without one, what counts is how many loads fire: none, Redis is not needed; some, and the expected hit
    /// ratio is known to be below its threshold, it would not pay; one, it is worth adding; two or more, it
    /// should be added now, but for an expected hit ratio that is not known: then it is worth adding.
    pub fn of(figures: &Figures) -> Self {
        if figures.cache.kind != CacheKind::None {
            let real = figures
                .cache
                .hit_ratio
                .map(|ratio| Trigger { kind: TriggerKind::ExpectedHitRatio, reading: Reading::Value(ratio * 100.0) });
            return match real.map(Trigger::fires) {
                None => Self::OnAndUnknown,
                Some(true) => Self::OnAndPays,
                Some(false) => Self::OnAndDoesNotPay,
            };
        }
        match (figures.loads(), figures.would_pay()) {
            (0, _) => Self::NotNeeded,
            (_, Some(false)) => Self::WouldNotPay,
            (loads, Some(true)) if loads >= SEVERAL => Self::AddNow,
            _ => Self::WorthAdding,
        }
    }

    /// Its name for programs: `notNeeded`, `worthAdding`, `addNow` or `alreadyOn`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotNeeded | Self::WouldNotPay => "notNeeded",
            Self::WorthAdding => "worthAdding",
            Self::AddNow => "addNow",
            Self::OnAndPays | Self::OnAndDoesNotPay | Self::OnAndUnknown => "alreadyOn",
        }
    }

    /// What to do.
    pub const fn recommendation(self) -> Wording {
        match self {
            Self::NotNeeded => Wording::new(
                "Redis가 필요하지 않습니다. 기준을 넘은 부하가 없습니다.",
                "Redis is not needed: no load has passed its threshold.",
            ),
            Self::WouldNotPay => Wording::new(
                "부하가 기준을 넘었지만 Redis는 도움이 되지 않습니다. 조회의 대부분이 캐시에 없을 세션입니다. 데이터베이스를 먼저 살펴보세요.",
                "A load has passed its threshold, but Redis would not help: most look-ups are of sessions that a cache \
                 would not have. Look at the database first.",
            ),
            Self::WorthAdding => Wording::new(
                "Redis를 추가할 만합니다. 기준을 넘은 부하가 있습니다. 급하지는 않으니 계획해 두세요.",
                "Redis is worth adding: a load has passed its threshold. It is not urgent; plan for it.",
            ),
            Self::AddNow => Wording::new(
                "지금 Redis를 추가하세요. 둘 이상의 부하가 기준을 넘었고, 캐시가 조회의 대부분에 답할 것입니다.",
                "Add Redis now: two or more loads have passed their thresholds, and a cache would answer most look-ups.",
            ),
            Self::OnAndPays => Wording::new(
                "Redis를 이미 쓰고 있고 제 몫을 합니다. 조회의 70% 이상에 캐시가 답합니다.",
                "Redis is on and pays: it answers 70 % of the look-ups or more.",
            ),
            Self::OnAndDoesNotPay => Wording::new(
                "Redis를 이미 쓰고 있지만 제 몫을 하지 못합니다. 캐시가 답하는 조회가 70%에 못 미칩니다. 보관 시간과 메모리를 살펴보세요.",
                "Redis is on but does not pay: it answers fewer than 70 % of the look-ups. Look at how long and how much \
                 it keeps.",
            ),
            Self::OnAndUnknown => Wording::new(
                "Redis를 이미 쓰고 있습니다. 조회가 아직 없어 제 몫을 하는지 알 수 없습니다.",
                "Redis is on. Nothing was looked up yet, so it is not known whether it pays.",
            ),
        }
    }
}

impl Advice {
    /// What follows from figures.
    pub fn on(figures: Figures) -> Self {
        let verdict = Verdict::of(&figures);
        Self { figures, verdict }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::advisor::Unreadable;

    /// Figures in which these loads are just past their thresholds, and all others just are not.
    fn figures(loads: &[TriggerKind], expected: Option<f64>, cache: CacheUse) -> Figures {
        let reading = |kind: TriggerKind| match (kind, expected) {
            (TriggerKind::ExpectedHitRatio, Some(expected)) => Reading::Value(expected),
            (TriggerKind::ExpectedHitRatio, None) => Reading::Unreadable(Unreadable::TooFewLookUps),
            _ if loads.contains(&kind) => Reading::Value(kind.threshold() + 1.0),
            _ => Reading::Value(kind.threshold() - 1.0),
        };
        Figures {
            measured_at: Timestamp::from_unix_micros(0).unwrap(),
            window: Duration::from_mins(5),
            cache,
            triggers: TriggerKind::ALL.map(|kind| Trigger { kind, reading: reading(kind) }).to_vec(),
        }
    }

    fn verdict(loads: &[TriggerKind], expected: Option<f64>) -> Verdict {
        Verdict::of(&figures(loads, expected, CacheUse::NONE))
    }

    fn loads() -> Vec<TriggerKind> {
        TriggerKind::ALL.into_iter().filter(|kind| kind.is_load()).collect()
    }

    #[test]
    fn without_load_redis_is_not_needed_however_well_it_would_hit() {
        for expected in [None, Some(0.0), Some(100.0)] {
            assert_eq!(verdict(&[], expected), Verdict::NotNeeded);
        }
    }

    #[test]
    fn any_one_load_makes_it_worth_adding_and_any_two_make_it_urgent() {
        let loads = loads();
        for (at, one) in loads.iter().enumerate() {
            assert_eq!(verdict(&[*one], Some(70.0)), Verdict::WorthAdding, "{one:?}");
            for other in &loads[at + 1..] {
                assert_eq!(verdict(&[*one, *other], Some(70.0)), Verdict::AddNow, "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn a_cache_that_would_mostly_miss_is_not_advised_whatever_the_load() {
        assert_eq!(verdict(&loads(), Some(69.9)), Verdict::WouldNotPay);
        assert_eq!(verdict(&loads()[..1], Some(69.9)), Verdict::WouldNotPay);
    }

    #[test]
    fn while_it_is_not_known_what_it_would_hit_nothing_is_urgent() {
        assert_eq!(verdict(&loads(), None), Verdict::WorthAdding);
    }

    #[test]
    fn a_cache_that_is_on_is_judged_by_what_it_really_hits() {
        for (hit_ratio, expected) in [
            (None, Verdict::OnAndUnknown),
            (Some(0.699), Verdict::OnAndDoesNotPay),
            (Some(0.7), Verdict::OnAndPays),
            (Some(1.0), Verdict::OnAndPays),
        ] {
            let cache = CacheUse { kind: CacheKind::Redis, hit_ratio };
            for loads in [vec![], loads()] {
                assert_eq!(Verdict::of(&figures(&loads, Some(0.0), cache)), expected, "{hit_ratio:?}");
            }
        }
    }
}
