//! The contract of [`FleetSignals`]: two processes, each listening.

use std::time::Duration;

use tokio::sync::broadcast::Receiver;
use tokio::time::timeout;

use crate::ports::{FleetSignal, FleetSignals, Telling};
use crate::testing::samples::session_id;

/// What a signal may take on the worst day.
const LIMIT: Duration = Duration::from_secs(30);

async fn heard(listener: &mut Receiver<FleetSignal>) -> FleetSignal {
    timeout(LIMIT, listener.recv()).await.expect("nothing was heard").unwrap()
}

pub async fn both_processes_hear_what_either_tells_in_its_order(one: &dyn FleetSignals, other: &dyn FleetSignals) {
    let mut listeners = [one.hear_fleet(), other.hear_fleet()];
    let keys = (1..=200).map(|number| session_id(number).as_uuid()).collect();
    let told = [
        FleetSignal::Pulse { from: "one".into(), number: 1, telling: Telling::SharedCache },
        FleetSignal::Writing { from: "one".into(), keys },
        FleetSignal::Pulse { from: "one".into(), number: 1, telling: Telling::Nobody },
    ];
    for signal in &told {
        one.tell_fleet(signal).await.unwrap();
    }
    let last = FleetSignal::Writing { from: "other".into(), keys: vec![session_id(7).as_uuid()] };
    other.tell_fleet(&last).await.unwrap();
    for listener in &mut listeners {
        let mut all = Vec::new();
        while all.len() < 4 {
            all.push(heard(listener).await);
        }
        let (ones, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|signal| *signal != last);
        assert_eq!((ones.as_slice(), others.len()), (told.as_slice(), 1));
    }
}

pub async fn telling_a_fleet_that_does_not_listen_is_no_error(one: &dyn FleetSignals, _other: &dyn FleetSignals) {
    one.tell_fleet(&FleetSignal::Pulse { from: "one".into(), number: 1, telling: Telling::SharedCache }).await.unwrap();
}
