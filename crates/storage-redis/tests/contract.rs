//! The contracts of the ports, on a real Redis.

mod support;

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
