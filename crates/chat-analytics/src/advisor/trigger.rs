use super::Wording;

/// A figure that advice is built on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TriggerKind {
    /// Users with a session in use.
    ConcurrentUsers,
    /// Users within a month.
    MonthlyUsers,
    /// How long 95 % of the session queries take at most.
    SessionQueryP95,
    /// How often sessions are read or written.
    SessionOperations,
    /// How busy the database keeps its machine.
    DatabaseCpu,
    /// Customers who say that answers are slow.
    SpeedComplaints,
    /// What a cache would have answered. A condition rather than a load.
    ExpectedHitRatio,
}

/// How a value is held against its threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// It fires above the threshold.
    Above,
    /// It fires at the threshold already.
    AtLeast,
}

/// What a value counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Distinct users.
    Users,
    /// Milliseconds.
    Milliseconds,
    /// Operations per second.
    PerSecond,
    /// Hundredths of a whole.
    Percent,
    /// Complaints.
    Complaints,
}

/// Why a figure cannot be read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// Too little has happened within the window to tell.
    TooFewLookUps,
    /// No session was read or written within the window.
    NoOperations,
    /// The database server is on another machine, whose processes cannot be seen.
    RemoteServer,
    /// The database server is reached through an address of this machine, but its processes are not to be
    /// seen: it runs in a container, in a virtual machine or behind a tunnel.
    HiddenProcesses,
    /// This operating system has no `/proc`.
    NoProc,
}

/// A measured value, or why there is none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reading {
    /// The value, in the unit of its [`TriggerKind`].
    Value(f64),
    /// There is none.
    Unreadable(Unreadable),
}

/// A figure against its threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trigger {
    /// Which one.
    pub kind: TriggerKind,
    /// What was measured.
    pub reading: Reading,
}

impl TriggerKind {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 7] = [
        Self::ConcurrentUsers,
        Self::MonthlyUsers,
        Self::SessionQueryP95,
        Self::SessionOperations,
        Self::DatabaseCpu,
        Self::SpeedComplaints,
        Self::ExpectedHitRatio,
    ];

    /// Its name for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ConcurrentUsers => "concurrentUsers",
            Self::MonthlyUsers => "monthlyUsers",
            Self::SessionQueryP95 => "sessionQueryP95",
            Self::SessionOperations => "sessionOperations",
            Self::DatabaseCpu => "databaseCpu",
            Self::SpeedComplaints => "speedComplaints",
            Self::ExpectedHitRatio => "expectedHitRatio",
        }
    }

    /// The figure that the project was given as the one from which Redis is worth a thought, in its unit.
    pub const fn threshold(self) -> f64 {
        match self {
            Self::ConcurrentUsers => 200.0,
            Self::MonthlyUsers => 1_000.0,
            Self::SessionQueryP95 => 50.0,
            Self::SessionOperations => 100.0,
            Self::DatabaseCpu => 80.0,
            Self::SpeedComplaints => 5.0,
            Self::ExpectedHitRatio => 70.0,
        }
    }

    /// Whether the threshold itself fires.
    pub const fn comparison(self) -> Comparison {
        match self {
            Self::SpeedComplaints | Self::ExpectedHitRatio => Comparison::AtLeast,
            _ => Comparison::Above,
        }
    }

    /// What the value counts.
    pub const fn unit(self) -> Unit {
        match self {
            Self::ConcurrentUsers | Self::MonthlyUsers => Unit::Users,
            Self::SessionQueryP95 => Unit::Milliseconds,
            Self::SessionOperations => Unit::PerSecond,
            Self::DatabaseCpu | Self::ExpectedHitRatio => Unit::Percent,
            Self::SpeedComplaints => Unit::Complaints,
        }
    }

    /// Whether it is a reason for a cache by itself.
    pub const fn is_load(self) -> bool {
        !matches!(self, Self::ExpectedHitRatio)
    }

    /// Its name for people.
    pub const fn label(self) -> Wording {
        match self {
            Self::ConcurrentUsers => Wording::new("동시 사용자", "concurrent users"),
            Self::MonthlyUsers => Wording::new("월간 사용자", "monthly users"),
            Self::SessionQueryP95 => Wording::new("세션 쿼리 p95", "session query p95"),
            Self::SessionOperations => Wording::new("세션 작업", "session operations"),
            Self::DatabaseCpu => Wording::new("데이터베이스 CPU", "database CPU"),
            Self::SpeedComplaints => Wording::new("속도 불만", "speed complaints"),
            Self::ExpectedHitRatio => Wording::new("예상 적중률", "expected hit ratio"),
        }
    }

    /// What is measured.
    pub const fn meaning(self) -> Wording {
        match self {
            Self::ConcurrentUsers => Wording::new(
                "최근 15분 안에 쓴 활성 세션이 있는 사용자 수 (모든 상점)",
                "users with an active session that was used in the last 15 minutes, of all stores",
            ),
            Self::MonthlyUsers => Wording::new(
                "최근 30일 안에 세션을 쓴 사용자 수 (모든 상점)",
                "users with a session that was used in the last 30 days, of all stores",
            ),
            Self::SessionQueryP95 => Wording::new(
                "측정 구간에 이 서버가 한 세션 쿼리의 95%가 이 시간 안에 끝남",
                "95 % of this server's session queries within the window took no longer",
            ),
            Self::SessionOperations => Wording::new(
                "측정 구간에 이 서버가 세션을 읽고 쓴 횟수의 초당 평균",
                "how often this server read or wrote sessions, on average over the window",
            ),
            Self::DatabaseCpu => Wording::new(
                "데이터베이스가 쓰는 CPU, 모든 코어 대비 (0.5초 측정). SQLite는 이 서버 프로세스 전체",
                "of all cores, over half a second; with SQLite that of this whole server process",
            ),
            Self::SpeedComplaints => Wording::new(
                "최근 30일의 낮은 평가 가운데 답변이 느리다고 한 의견 수",
                "low ratings of the last 30 days whose comment says that answers are slow",
            ),
            Self::ExpectedHitRatio => Wording::new(
                "조회한 세션 가운데 한 시간 안에 이미 읽거나 쓴 것의 비율: 캐시가 답했을 몫",
                "look-ups of sessions that had been read or written within the hour: what a cache would have answered",
            ),
        }
    }
}

impl Comparison {
    /// As a sign.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Above => ">",
            Self::AtLeast => ">=",
        }
    }
}

impl Unit {
    /// Its name for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Milliseconds => "ms",
            Self::PerSecond => "perSecond",
            Self::Percent => "percent",
            Self::Complaints => "complaints",
        }
    }
}

impl Unreadable {
    /// The reason for people.
    pub const fn reason(self) -> Wording {
        match self {
            Self::TooFewLookUps => Wording::new(
                "아직 알 수 없음: 측정 구간의 세션 조회가 20번이 안 됨",
                "not known yet: fewer than 20 look-ups of sessions within the window",
            ),
            Self::NoOperations => Wording::new(
                "아직 알 수 없음: 측정 구간에 세션 쿼리가 없음",
                "not known yet: no session queries within the window",
            ),
            Self::RemoteServer => Wording::new(
                "여기서는 읽을 수 없음: 데이터베이스 서버가 다른 컴퓨터에 있음",
                "not readable here: the database server is on another machine",
            ),
            Self::HiddenProcesses => Wording::new(
                "여기서는 읽을 수 없음: 데이터베이스 서버의 프로세스가 보이지 않음 (컨테이너나 터널 너머)",
                "not readable here: the database server's processes cannot be seen (a container or a tunnel)",
            ),
            Self::NoProc => Wording::new(
                "여기서는 읽을 수 없음: 이 운영 체제에는 /proc이 없음",
                "not readable here: this operating system has no /proc",
            ),
        }
    }
}

impl Reading {
    /// The value if there is one.
    pub const fn value(self) -> Option<f64> {
        match self {
            Self::Value(value) => Some(value),
            Self::Unreadable(_) => None,
        }
    }
}

impl Trigger {
    /// Whether the value passes its threshold. What cannot be read does not fire.
    pub fn fires(self) -> bool {
        let threshold = self.kind.threshold();
        self.reading.value().is_some_and(|value| match self.kind.comparison() {
            Comparison::Above => value > threshold,
            Comparison::AtLeast => value >= threshold,
        })
    }

    /// What was measured, or why it could not be.
    pub const fn note(self) -> Wording {
        match self.reading {
            Reading::Value(_) => self.kind.meaning(),
            Reading::Unreadable(why) => why.reason(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_figure_fires_on_the_right_side_of_its_threshold_only() {
        use TriggerKind::{
            ConcurrentUsers, DatabaseCpu, ExpectedHitRatio, MonthlyUsers, SessionOperations, SessionQueryP95,
            SpeedComplaints,
        };
        for (kind, below, at, above, fires_at) in [
            (ConcurrentUsers, 199.0, 200.0, 201.0, false),
            (MonthlyUsers, 999.0, 1_000.0, 1_001.0, false),
            (SessionQueryP95, 49.9, 50.0, 50.1, false),
            (SessionOperations, 99.9, 100.0, 100.1, false),
            (DatabaseCpu, 79.9, 80.0, 80.1, false),
            (SpeedComplaints, 4.0, 5.0, 6.0, true),
            (ExpectedHitRatio, 69.9, 70.0, 70.1, true),
        ] {
            let fires = |value| Trigger { kind, reading: Reading::Value(value) }.fires();
            assert_eq!((fires(below), fires(at), fires(above)), (false, fires_at, true), "{kind:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_does_not_fire_and_says_why() {
        let trigger =
            Trigger { kind: TriggerKind::DatabaseCpu, reading: Reading::Unreadable(Unreadable::RemoteServer) };
        assert!(!trigger.fires());
        assert_eq!(trigger.note(), Unreadable::RemoteServer.reason());
    }
}
