use std::sync::Arc;

use kernel::{Clock, IdSource, RepositoryError, StoreId};
use session_core::SessionLifetimes;

use crate::kind::{Layout, TABLES, Table, detect};
use crate::mapping::Mapping;
use crate::merge::{Feed, Group, Merge};
use crate::ports::{ImportLedger, ImportTarget, Source, Standing};
use crate::report::{Notes, SkipReason, Tally};
use crate::{Conversation, Entry, Import, ImportError, ImportId, ImportState, Report, SourceKind, digests};

/// What the caller decides of an import.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What the source is; `None` to tell by its tables.
    pub kind: Option<SourceKind>,
    /// The store of rows that name none.
    pub store: StoreId,
    /// What tells this source's ids from those of others of its kind, when they are no UUIDs.
    pub namespace: String,
    /// How long sessions live after their last use, where the source does not say.
    pub lifetimes: SessionLifetimes,
}

/// An import that is ready to run.
#[derive(Debug, Clone)]
pub struct Job {
    /// The import: a new one, or one that was killed.
    pub import: Import,
    /// Whether it goes on with one that was killed.
    pub resumed: bool,
    /// Rows there are to read.
    pub rows: u64,
    layout: Layout,
    lifetimes: SessionLifetimes,
}

/// Copies conversations, compares what arrived, and takes imports back.
#[derive(Clone)]
pub struct Importer {
    pub(crate) target: Arc<dyn ImportTarget>,
    pub(crate) ledger: Arc<dyn ImportLedger>,
    pub(crate) clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
}

/// The state of a run.
struct Run<'a> {
    job: &'a Job,
    mapping: Mapping,
    writes: bool,
    report: Report,
}

impl Importer {
    /// Imports into a target that keeps its own ledger.
    pub fn new(
        target: Arc<dyn ImportTarget>,
        ledger: Arc<dyn ImportLedger>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
    ) -> Self {
        Self { target, ledger, clock, ids }
    }

    /// Looks at the source, and for an import of it that was killed. Writes nothing.
    ///
    /// # Errors
    /// When the source is not understood or is the target itself; storage errors.
    pub async fn prepare(&self, source: &mut dyn Source, plan: Plan) -> Result<Job, ImportError> {
        let from = source.identity().await.map_err(ImportError::Source)?;
        if from == self.target.identity().await.map_err(ImportError::Target)? {
            return Err(ImportError::SameDatabase);
        }
        let mut tables = Vec::new();
        for name in TABLES {
            if let Some(columns) = source.columns(name).await.map_err(ImportError::Source)? {
                tables.push(Table { name, columns });
            }
        }
        let kind = plan.kind.map_or_else(|| detect(&tables), Ok)?;
        let layout = Layout::of(kind, &tables)?;
        let mut rows = 0;
        for query in layout.queries() {
            rows += source.count(&query.table).await.map_err(ImportError::Source)?;
        }
        let killed = self.ledger.unfinished(kind, source.origin()).await.map_err(ImportError::Target)?;
        let killed = killed.filter(|import| import.namespace == plan.namespace && import.store == plan.store);
        let resumed = killed.is_some();
        let import = killed.unwrap_or_else(|| Import {
            id: ImportId::from_uuid(self.ids.uuid()),
            kind,
            origin: source.origin().to_owned(),
            namespace: plan.namespace,
            store: plan.store,
            state: ImportState::Running,
            backup: None,
            report: serde_json::json!({}),
            started_at: self.clock.now(),
            finished_at: None,
        });
        Ok(Job { import, resumed, rows, layout, lifetimes: plan.lifetimes })
    }

    /// Reads and checks everything and writes nothing. `progress` is told of rows that were read.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn rehearse(
        &self,
        source: &mut dyn Source,
        job: &Job,
        progress: &mut (dyn FnMut(u64) + Send),
    ) -> Result<Report, ImportError> {
        self.copy(source, job, false, progress).await
    }

    /// Copies conversation by conversation, each in one transaction, then compares all that this import
    /// brought with what was meant. Killed at any moment, it goes on where it was when it is run again.
    ///
    /// # Errors
    /// Storage errors. A difference is no error here: it is in the report.
    pub async fn run(
        &self,
        source: &mut dyn Source,
        job: &Job,
        progress: &mut (dyn FnMut(u64) + Send),
    ) -> Result<Report, ImportError> {
        self.ledger.save(&job.import).await.map_err(ImportError::Target)?;
        let mut report = self.copy(source, job, true, progress).await?;
        let found = self.compare(job.import.id).await?;
        let state = if found.differences.is_empty() { ImportState::Completed } else { ImportState::Different };
        report.verification = Some(found);
        report.import.state = state;
        report.import.finished_at = Some(self.clock.now());
        let summary = serde_json::to_value(report.summary()).map_err(|error| ImportError::Target(backend(error)))?;
        let import = Import { report: summary, ..report.import.clone() };
        self.ledger.save(&import).await.map_err(ImportError::Target)?;
        Ok(report)
    }

    async fn copy(
        &self,
        source: &mut dyn Source,
        job: &Job,
        writes: bool,
        progress: &mut (dyn FnMut(u64) + Send),
    ) -> Result<Report, ImportError> {
        let mut merge = job.layout.open(source).await?;
        let mut run = Run::new(job, writes);
        while let Some(group) = merge.next(source).await? {
            let rows = run.counted(&group);
            if let Some((source_id, conversation)) = run.mapping.conversation(group, &mut run.report.notes) {
                self.bring(&mut run, source_id, &conversation).await?;
            }
            progress(rows);
        }
        run.finish()
    }

    async fn bring(
        &self,
        run: &mut Run<'_>,
        source_id: String,
        conversation: &Conversation,
    ) -> Result<(), ImportError> {
        let id = conversation.session.id;
        let entry = entry(run.job.import.id, source_id, conversation);
        let same = |found: &Entry| found.digests.messages == entry.digests.messages && found.messages == entry.messages;
        match self.target.standing(id).await.map_err(ImportError::Target)? {
            Standing::Free if !run.writes => run.imported(conversation),
            Standing::Free => match self.target.store(conversation, &entry).await {
                Ok(()) => run.imported(conversation),
                Err(RepositoryError::Conflict) => run.skipped(conversation, &entry, SkipReason::IdTaken),
                Err(error) => return Err(ImportError::Target(error)),
            },
            Standing::Imported(found) if !same(&found) => {
                run.skipped(conversation, &entry, SkipReason::ChangedSince);
            }
            Standing::Imported(found) if found.import == entry.import => run.imported(conversation),
            Standing::Imported(_) => run.present(conversation),
            Standing::Removed(_) => run.skipped(conversation, &entry, SkipReason::RemovedHere),
            Standing::Taken => {
                let there = self.target.read(id).await.map_err(ImportError::Target)?;
                let same = there.is_some_and(|there| {
                    conversation.messages.len() <= there.messages.len()
                        && digests(&there, entry.messages).messages == entry.digests.messages
                });
                if same { run.present(conversation) } else { run.skipped(conversation, &entry, SkipReason::IdTaken) }
            }
        }
        Ok(())
    }
}

fn backend(error: serde_json::Error) -> RepositoryError {
    RepositoryError::backend(error)
}

fn entry(import: ImportId, source_id: String, conversation: &Conversation) -> Entry {
    let messages = conversation.messages.len() as u64;
    Entry {
        import,
        session: conversation.session.id,
        source_id,
        messages,
        turns: conversation.turns.len() as u64,
        feedback: conversation.feedback.len() as u64,
        digests: digests(conversation, messages),
    }
}

impl Layout {
    fn queries(&self) -> impl Iterator<Item = &crate::ports::Query> {
        [Some(&self.sessions), self.messages.as_ref(), self.turns.as_ref(), self.feedback.as_ref()]
            .into_iter()
            .flatten()
    }

    async fn open(&self, source: &mut dyn Source) -> Result<Merge, ImportError> {
        let sessions = Feed::open(source, &self.sessions).await?;
        let mut others = [None, None, None];
        for (feed, query) in others.iter_mut().zip([&self.messages, &self.turns, &self.feedback]) {
            if let Some(query) = query {
                *feed = Some(Feed::open(source, query).await?);
            }
        }
        let [messages, turns, feedback] = others;
        Ok(Merge { sessions, messages, turns, feedback })
    }
}

impl<'a> Run<'a> {
    fn new(job: &'a Job, writes: bool) -> Self {
        let import = job.import.clone();
        let mapping = Mapping {
            kind: import.kind,
            store: import.store.clone(),
            namespace: import.namespace.clone(),
            lifetimes: job.lifetimes.clone(),
        };
        let report = Report {
            import,
            dry_run: !writes,
            resumed: job.resumed,
            sessions: Tally::default(),
            messages: Tally::default(),
            turns: 0,
            feedback: Tally::default(),
            notes: Notes::default(),
            verification: None,
        };
        Self { job, mapping, writes, report }
    }

    fn counted(&mut self, group: &Group) -> u64 {
        let rows = [&group.sessions, &group.messages, &group.feedback].map(|rows| rows.len() as u64);
        self.report.sessions.read += rows[0];
        self.report.messages.read += rows[1];
        self.report.feedback.read += rows[2];
        rows.iter().sum::<u64>() + group.turns.len() as u64
    }

    fn tallies(&mut self, conversation: &Conversation, field: fn(&mut Tally) -> &mut u64) {
        *field(&mut self.report.sessions) += 1;
        *field(&mut self.report.messages) += conversation.messages.len() as u64;
        *field(&mut self.report.feedback) += conversation.feedback.len() as u64;
    }

    fn imported(&mut self, conversation: &Conversation) {
        self.report.turns += conversation.turns.len() as u64;
        self.tallies(conversation, |tally| &mut tally.imported);
    }

    fn present(&mut self, conversation: &Conversation) {
        self.tallies(conversation, |tally| &mut tally.present);
    }

    /// A whole conversation that stays behind.
    fn skipped(&mut self, conversation: &Conversation, entry: &Entry, reason: SkipReason) {
        self.report.notes.skip_all(conversation, entry, reason);
        self.tallies(conversation, |tally| &mut tally.skipped);
    }

    /// Adds what was left out row by row, and checks that every row is accounted for.
    fn finish(mut self) -> Result<Report, ImportError> {
        let notes = &self.report.notes;
        let left_out = notes.times(crate::Repair::DeletedMessage);
        self.report.sessions.skipped += notes.single("session");
        self.report.messages.skipped += notes.single("message") + left_out;
        self.report.feedback.skipped += notes.single("feedback");
        for (what, tally) in
            [("sessions", self.report.sessions), ("messages", self.report.messages), ("verdicts", self.report.feedback)]
        {
            let accounted = tally.imported + tally.present + tally.skipped;
            if accounted != tally.read {
                return Err(ImportError::Unbalanced { what, read: tally.read, accounted });
            }
        }
        Ok(self.report)
    }
}
