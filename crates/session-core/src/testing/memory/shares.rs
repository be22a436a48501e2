use async_trait::async_trait;
use kernel::{PageLimit, RepositoryError, SessionId, ShareId, StoreId, Timestamp};

use super::{MemorySessions, Tables};
use crate::model::{SessionState, ShareAccess, ShareLink, TokenHash};
use crate::ports::ShareRepository;

impl Tables {
    fn shows(&self, store: &StoreId, session: SessionId) -> bool {
        self.session(store, session).is_some_and(|session| session.state != SessionState::Deleted)
    }

    pub(super) fn remove_shares(&mut self, session: SessionId) {
        self.shares.retain(|_, link| link.session != session);
        let shares = &self.shares;
        self.accesses.retain(|(link, _)| shares.contains_key(link));
    }
}

#[async_trait]
impl ShareRepository for MemorySessions {
    async fn insert(&self, link: &ShareLink) -> Result<bool, RepositoryError> {
        let mut tables = self.tables();
        if !tables.shows(&link.store, link.session) {
            return Ok(false);
        }
        if tables.shares.values().any(|known| known.id == link.id || known.token_hash == link.token_hash) {
            return Err(RepositoryError::Conflict);
        }
        tables.shares.insert(link.id, link.clone());
        Ok(true)
    }

    async fn open(&self, hash: &TokenHash, access: &ShareAccess) -> Result<Option<ShareLink>, RepositoryError> {
        let mut tables = self.tables();
        let live = |link: &&ShareLink| {
            link.token_hash == *hash && link.is_live(access.at) && tables.shows(&link.store, link.session)
        };
        let found = tables.shares.values().find(live).cloned();
        if let Some(link) = &found {
            tables.accesses.push((link.id, access.clone()));
        }
        Ok(found)
    }

    async fn revoke(&self, store: &StoreId, session: SessionId, at: Timestamp) -> Result<u64, RepositoryError> {
        let mut tables = self.tables();
        let mut count = 0;
        let links = tables.shares.values_mut().filter(|link| link.store == *store && link.session == session);
        for link in links.filter(|link| link.revoked_at.is_none()) {
            link.revoked_at = Some(at);
            count += 1;
        }
        Ok(count)
    }

    async fn accesses(
        &self,
        store: &StoreId,
        session: SessionId,
        limit: PageLimit,
    ) -> Result<Vec<ShareAccess>, RepositoryError> {
        let tables = self.tables();
        let of_session =
            |id: &ShareId| tables.shares.get(id).is_some_and(|link| link.store == *store && link.session == session);
        let mut found: Vec<ShareAccess> =
            tables.accesses.iter().rev().filter(|(id, _)| of_session(id)).map(|(_, access)| access.clone()).collect();
        found.sort_by_key(|access| std::cmp::Reverse(access.at));
        found.truncate(limit.get());
        Ok(found)
    }
}
