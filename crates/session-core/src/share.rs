use std::sync::Arc;
use std::time::Duration;

use kernel::{Clock, IdSource, RepositoryError, SecretError, SecretSource, SessionId, ShareId, StoreId, UserId};

use crate::model::{Session, ShareAccess, ShareLink, ShareToken};
use crate::ports::ShareRepository;
use crate::{SessionError, SessionService};

/// How long a link works when nobody says: a week.
const USUAL_HOURS: u64 = 168;
/// The longest a link works: a year.
const MAX_HOURS: u64 = 8_760;

/// Why a session cannot be shared, or a shared one not be read.
#[derive(Debug, thiserror::Error)]
pub enum ShareError {
    /// No link has this token, or it was taken back, has expired, or its session was deleted.
    #[error("the share link is not known")]
    NotFound,
    /// A number of hours no link works for.
    #[error("a share link works for 1 to {max} hours")]
    InvalidLifetime {
        /// The most, in hours.
        max: u64,
    },
    /// The session cannot be shared.
    #[error("the session cannot be shared")]
    Session(#[from] SessionError),
    /// There is no randomness for a token.
    #[error("no token can be made")]
    Secret(#[from] SecretError),
    /// The storage failed.
    #[error("the storage of share links failed")]
    Repository(#[from] RepositoryError),
}

/// A link just made. The token is nowhere else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// What opens it.
    pub token: ShareToken,
    /// The link.
    pub link: ShareLink,
}

/// What a token opens.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenedShare {
    /// The link.
    pub link: ShareLink,
    /// The session it shows.
    pub session: Session,
}

/// Shares sessions through links that anyone who has them can read, until they expire or are taken back.
/// A link shows the conversation as it is when it is read, also after the session has ended.
#[derive(Clone)]
pub struct ShareService {
    sessions: SessionService,
    shares: Arc<dyn ShareRepository>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    secrets: Arc<dyn SecretSource>,
}

impl ShareService {
    /// A service over its ports.
    pub fn new(
        sessions: SessionService,
        shares: Arc<dyn ShareRepository>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
        secrets: Arc<dyn SecretSource>,
    ) -> Self {
        Self { sessions, shares, clock, ids, secrets }
    }

    /// Makes a link to a session in any state but deleted; it works for `hours`, a week when not said.
    ///
    /// # Errors
    /// [`ShareError::InvalidLifetime`] unless 1 to 8,760; [`ShareError::Session`] when the session is not
    /// known; storage errors.
    pub async fn share(
        &self,
        store: &StoreId,
        user: Option<&UserId>,
        session: SessionId,
        hours: Option<u64>,
    ) -> Result<Shared, ShareError> {
        let hours = hours.unwrap_or(USUAL_HOURS);
        if !(1..=MAX_HOURS).contains(&hours) {
            return Err(ShareError::InvalidLifetime { max: MAX_HOURS });
        }
        self.sessions.get(store, user, session).await?;
        let (now, token) = (self.clock.now(), ShareToken::of(self.secrets.secret()?));
        let link = ShareLink {
            id: ShareId::generate(&*self.ids),
            store: store.clone(),
            session,
            token_hash: token.hash(),
            created_at: now,
            expires_at: now.plus(Duration::from_secs(hours * 3_600)),
            revoked_at: None,
        };
        let kept = self.shares.insert(&link).await?;
        if kept { Ok(Shared { token, link }) } else { Err(SessionError::NotFound.into()) }
    }

    /// Takes back every link of a session. Answers how many there were.
    ///
    /// # Errors
    /// [`ShareError::Session`] when the session is not known; storage errors.
    pub async fn revoke(&self, store: &StoreId, user: Option<&UserId>, session: SessionId) -> Result<u64, ShareError> {
        self.sessions.get(store, user, session).await?;
        Ok(self.shares.revoke(store, session, self.clock.now()).await?)
    }

    /// Opens a link, and keeps that it was read under that request's id.
    ///
    /// # Errors
    /// [`ShareError::NotFound`], whatever the reason; storage errors.
    pub async fn open(&self, token: &ShareToken, request_id: &str) -> Result<OpenedShare, ShareError> {
        let access = ShareAccess { at: self.clock.now(), request_id: request_id.to_owned() };
        let link = self.shares.open(&token.hash(), &access).await?.ok_or(ShareError::NotFound)?;
        match self.sessions.get(&link.store, None, link.session).await {
            Ok(session) => Ok(OpenedShare { link, session }),
            Err(SessionError::NotFound) => Err(ShareError::NotFound),
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::PageLimit;
    use kernel::testing::{ManualClock, SequentialIds, SequentialSecrets};

    use super::*;
    use crate::testing::{MemorySessions, samples};

    struct Bench {
        storage: Arc<MemorySessions>,
        sessions: SessionService,
        shares: ShareService,
        clock: Arc<ManualClock>,
    }

    fn bench() -> Bench {
        let (storage, clock) = (Arc::new(MemorySessions::default()), Arc::new(ManualClock::new()));
        let ids = Arc::new(SequentialIds::default());
        let day = Duration::from_hours(24);
        let sessions = SessionService::new(storage.clone(), clock.clone(), ids.clone(), day);
        let secrets = Arc::new(SequentialSecrets::default());
        let shares = ShareService::new(sessions.clone(), storage.clone(), clock.clone(), ids, secrets);
        Bench { storage, sessions, shares, clock }
    }

    async fn is_open(bench: &Bench, token: &ShareToken) -> bool {
        match bench.shares.open(token, "r").await {
            Ok(_) => true,
            Err(ShareError::NotFound) => false,
            Err(error) => panic!("{error}"),
        }
    }

    #[tokio::test]
    async fn a_link_works_until_its_time_is_over_and_each_reading_is_kept() {
        let bench = bench();
        let session = bench.sessions.create(samples::new_session("kim")).await.unwrap();
        let shared = bench.shares.share(&session.store, None, session.id, Some(2)).await.unwrap();
        bench.clock.advance(Duration::from_mins(119));
        let opened = bench.shares.open(&shared.token, "request-7").await.unwrap();
        assert_eq!((opened.link, opened.session.id), (shared.link, session.id));
        bench.clock.advance(Duration::from_mins(1));
        assert!(!is_open(&bench, &shared.token).await);
        let kept = bench.storage.accesses(&session.store, session.id, PageLimit::DEFAULT).await.unwrap();
        assert_eq!(kept.iter().map(|access| access.request_id.as_str()).collect::<Vec<_>>(), ["request-7"]);
    }

    #[tokio::test]
    async fn a_session_that_expired_or_ended_is_still_shared_and_a_deleted_one_is_not() {
        let bench = bench();
        let session = bench.sessions.create(samples::new_session("kim")).await.unwrap();
        let shared = bench.shares.share(&session.store, None, session.id, None).await.unwrap();
        bench.sessions.end(&session.store, None, session.id).await.unwrap();
        bench.clock.advance(Duration::from_hours(25));
        assert!(is_open(&bench, &shared.token).await);
        bench.sessions.delete(&session.store, None, session.id).await.unwrap();
        assert!(!is_open(&bench, &shared.token).await);
    }

    #[tokio::test]
    async fn all_links_of_a_session_are_taken_back_at_once() {
        let bench = bench();
        let session = bench.sessions.create(samples::new_session("kim")).await.unwrap();
        let share = async || bench.shares.share(&session.store, None, session.id, None).await.unwrap().token;
        let tokens = [share().await, share().await];
        assert_ne!(tokens[0], tokens[1]);
        assert_eq!(bench.shares.revoke(&session.store, None, session.id).await.unwrap(), 2);
        assert!(!is_open(&bench, &tokens[0]).await && !is_open(&bench, &tokens[1]).await);
        assert!(is_open(&bench, &share().await).await);
    }

    #[tokio::test]
    async fn only_whoever_may_see_a_session_shares_it_and_for_a_year_at_most() {
        let bench = bench();
        let session = bench.sessions.create(samples::new_session("kim")).await.unwrap();
        let lee = UserId::new("lee").unwrap();
        let refused = bench.shares.share(&session.store, Some(&lee), session.id, None).await;
        assert!(matches!(refused, Err(ShareError::Session(SessionError::NotFound))), "{refused:?}");
        let refused = bench.shares.revoke(&session.store, Some(&lee), session.id).await;
        assert!(matches!(refused, Err(ShareError::Session(SessionError::NotFound))), "{refused:?}");
        for hours in [0, 8_761, u64::MAX] {
            let refused = bench.shares.share(&session.store, None, session.id, Some(hours)).await;
            assert!(matches!(refused, Err(ShareError::InvalidLifetime { max: 8_760 })), "{refused:?}");
        }
        assert!(bench.shares.share(&session.store, None, session.id, Some(8_760)).await.is_ok());
    }
}
