//! The contracts of the ports, on a real Redis.

mod support;

mod cache {
    use std::sync::Arc;

    use session_core::ports::SessionCache;

    use crate::support::cache;

    session_core::session_cache_contract!(async { Some((Arc::new(cache().await?) as Arc<dyn SessionCache>, ())) });
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
