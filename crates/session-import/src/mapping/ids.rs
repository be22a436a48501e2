use kernel::{InvalidId, MessageId, SessionId, TurnId, UserId};
use uuid::Uuid;

use super::Mapping;
use crate::SourceKind;
use crate::row::uuid;

/// The space of names that ids are made from. It is fixed for ever: the same source must always make the
/// same ids.
const SPACE: Uuid = Uuid::from_u128(0x6f1d_3a52_9c0e_4b7f_8a41_d2c5_e96b_0837);

/// Ids of a conversation. A UUID of the source is kept; anything else makes a UUID of version 5.
#[derive(Debug, Clone)]
pub(crate) struct Ids {
    pub(crate) kind: SourceKind,
    /// What all names of this conversation begin with.
    prefix: String,
    /// The session's id in the source, as text.
    pub(crate) key: String,
    /// The session.
    pub(crate) session: SessionId,
    /// The key, where it is not the session's id here.
    pub(crate) source_id: Option<String>,
    /// A user that nobody else is: strangers must not come into each other's sessions.
    pub(crate) anonymous: UserId,
}

impl Ids {
    pub(crate) fn new(mapping: &Mapping, key: &str) -> Result<Self, InvalidId> {
        let prefix = format!("{}\n{}\n{}\n{key}", mapping.kind, mapping.namespace, mapping.store);
        let (session, source_id) = match uuid(key) {
            Some(id) => (id, None),
            None => (Uuid::new_v5(&SPACE, prefix.as_bytes()), Some(key.to_owned())),
        };
        let session = SessionId::from_uuid(session);
        let anonymous = UserId::new(format!("anon-{session}"))?;
        Ok(Self { kind: mapping.kind, prefix, key: key.to_owned(), session, source_id, anonymous })
    }

    fn made(&self, what: &str, name: &str) -> Uuid {
        Uuid::new_v5(&SPACE, format!("{}\n{what}\n{name}", self.prefix).as_bytes())
    }

    /// The message with an id of the source.
    pub(crate) fn message(&self, id: &str) -> MessageId {
        MessageId::from_uuid(uuid(id).unwrap_or_else(|| self.made("message", id)))
    }

    /// A message without an id, or with one that another has: told by its place.
    pub(crate) fn message_at(&self, place: usize, id: &str) -> MessageId {
        MessageId::from_uuid(self.made("message at", &format!("{place} {id}")))
    }

    /// The turn of a question.
    pub(crate) fn turn(&self, question: MessageId) -> TurnId {
        TurnId::from_uuid(self.made("turn", &question.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::samples::mapping;

    fn ids(mapping: &Mapping, key: &str) -> Ids {
        Ids::new(mapping, key).unwrap()
    }

    #[test]
    fn a_uuid_is_kept_and_anything_else_makes_the_same_one_every_time() {
        let kept = "0197c0de-0000-7000-8000-000000000001";
        assert_eq!(ids(&mapping(), kept).session.to_string(), kept);
        let (one, again) = (ids(&mapping(), "41"), ids(&mapping(), "41"));
        assert_eq!((one.session, one.message("7")), (again.session, again.message("7")));
        assert_eq!(one.session.as_uuid().get_version_num(), 5);
        assert_eq!(one.source_id.as_deref(), Some("41"));
    }

    #[test]
    fn namespaces_stores_and_sessions_keep_equal_ids_apart() {
        let one = ids(&mapping(), "1");
        let elsewhere = Mapping { namespace: "second shop".into(), ..mapping() };
        let other_store = Mapping { store: kernel::StoreId::new("other").unwrap(), ..mapping() };
        assert_ne!(one.session, ids(&elsewhere, "1").session);
        assert_ne!(one.session, ids(&other_store, "1").session);
        assert_ne!(one.message("1"), ids(&mapping(), "2").message("1"));
    }
}
