//! The contracts of the ports, on a real Redis.

mod cache {
    use std::sync::Arc;

    use crate::support::cache;

    session_core::session_cache_contract!(async { Some((Arc::new(cache().await?), ())) });
}

mod streams {
    use std::sync::Arc;

    use session_core::ports::TurnStreamLog;

    use crate::support::{Across, streams};

    mod own {
        use super::*;

        session_core::stream_log_contract!(async |clock| {
            Some(Arc::new(streams(test_support::redis::prefix(), clock).await?) as Arc<dyn TurnStreamLog>)
        });
    }

    mod of_another_process {
        use super::*;

        session_core::stream_log_contract!(async |clock| {
            Some(Arc::new(Across::processes(clock).await?) as Arc<dyn TurnStreamLog>)
        });
    }
}

mod cached {
    use std::sync::Arc;

    use session_core::testing::MemorySessions;
    use session_core::testing::contract::Storage;

    use crate::support::cache;

    // What is read through a cache is what is read without one.
    session_core::session_contract!(but for upkeep, async {
        Some(Storage::new(MemorySessions::default(), ()).behind(Arc::new(cache().await?)))
    });
}

mod stream_slots {
    use std::sync::Arc;
    use std::time::Duration;

    use kernel::UuidV7Source;
    use kernel::testing::ManualClock;
    use session_core::cache::Fleet;
    use session_core::ports::{SlotTaking, StreamLimit, StreamLimits, StreamSlots};
    use session_core::stream::MemoryStreamSlots;
    use session_core::testing::contract::stream_slots::stream;
    use storage_redis::{RedisLink, RedisOptions, RedisStreamSlots};
    use test_support::redis::RedisServer;

    use crate::support::{link_to, slots};

    session_core::stream_slots_contract!(async { Some((Arc::new(slots().await?) as Arc<dyn StreamSlots>, ())) });

    fn in_memory() -> Arc<MemoryStreamSlots> {
        Arc::new(MemoryStreamSlots::new(Arc::new(ManualClock::new())))
    }

    mod without_redis {
        use super::*;

        // Nobody has connected.
        session_core::stream_slots_contract!(async {
            let options = RedisOptions::new("redis://127.0.0.1:1/");
            let link = RedisLink::new(options, Fleet::alone(), Arc::new(UuidV7Source)).unwrap();
            Some((Arc::new(RedisStreamSlots::new(link, in_memory())) as Arc<dyn StreamSlots>, ()))
        });
    }

    #[tokio::test]
    async fn turns_that_outlive_redis_count_elsewhere_from_their_next_sign_of_life_on() {
        const LEASE: Duration = Duration::from_secs(20);
        let one = StreamLimits { per_user: 1, per_store: 0 };
        let server = test_support::require!(RedisServer::start().await);
        let link = link_to(server.url(), "t:".into()).await;
        let fallback = in_memory();
        let slots = RedisStreamSlots::new(link, fallback.clone());
        slots.take(&stream(1, "kim"), one, LEASE).await.unwrap();
        drop(server);
        slots.hold(&stream(1, "kim"), LEASE).await.unwrap();
        let full = slots.take(&stream(2, "kim"), one, LEASE).await.unwrap();
        assert_eq!(full, SlotTaking::Full(StreamLimit::PerUser));
        slots.release(&stream(1, "kim")).await.unwrap();
        assert_eq!(slots.take(&stream(2, "kim"), one, LEASE).await.unwrap(), SlotTaking::Taken);
        slots.release(&stream(2, "kim")).await.unwrap();
        assert_eq!(fallback.take(&stream(3, "kim"), one, LEASE).await.unwrap(), SlotTaking::Taken);
    }
}
