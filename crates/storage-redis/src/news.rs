//! Who reads a stream hears that there is more, on one connection for all readers of a process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::StreamExt;
use redis::aio::{PubSubSink, PubSubStream};
use redis::{Client, RedisResult};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{interval, sleep, timeout};

/// The longest that connecting and subscribing may take.
const LIMIT: Duration = Duration::from_secs(2);
/// The pause between two attempts to connect.
const PAUSE: Duration = Duration::from_millis(200);
/// How often channels that nobody listens to are left: who reads on comes back before.
const SWEEP: Duration = Duration::from_secs(5);
/// Channels that are listened to, as long as somebody does.
#[derive(Clone)]
pub(crate) struct News {
    channels: Arc<Channels>,
    orders: mpsc::UnboundedSender<Order>,
}

type Channels = Mutex<HashMap<String, watch::Sender<u64>>>;

/// A channel to listen to, and who waits until it is.
struct Order {
    channel: String,
    done: oneshot::Sender<()>,
}

/// Hears of one channel.
pub(crate) struct Listener(watch::Receiver<u64>);

impl Listener {
    /// Waits for news that were not waited for yet, at most so long.
    pub(crate) async fn news(&mut self, at_most: Duration) {
        // Nothing heard is reason enough to look as well.
        timeout(at_most, self.0.changed()).await.ok();
    }
}

impl News {
    /// Listens with connections of a client, as long as the last clone lives.
    pub(crate) fn start(client: Client) -> Self {
        let (orders, taken) = mpsc::unbounded_channel();
        let channels = Arc::<Channels>::default();
        tokio::spawn(run(client, Arc::clone(&channels), taken));
        Self { channels, orders }
    }

    /// Hears of a channel from when this answers; at once, and of nothing, while Redis is away.
    pub(crate) async fn listen(&self, channel: String, patience: Duration) -> Listener {
        let (heard, first) = {
            let mut channels = lock(&self.channels);
            let first = !channels.contains_key(&channel);
            (channels.entry(channel.clone()).or_default().subscribe(), first)
        };
        if first {
            let (done, subscribed) = oneshot::channel();
            // No more wait than there are channels.
            if self.orders.send(Order { channel, done }).is_ok() {
                timeout(patience, subscribed).await.ok();
            }
        }
        Listener(heard)
    }
}

fn lock(channels: &Channels) -> MutexGuard<'_, HashMap<String, watch::Sender<u64>>> {
    channels.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn run(client: Client, channels: Arc<Channels>, mut orders: mpsc::UnboundedReceiver<Order>) {
    loop {
        let order = if left(&channels).is_empty() {
            // Not before somebody wants to hear anything.
            let Some(order) = orders.recv().await else { return };
            Some(order)
        } else {
            None
        };
        let Ok(Ok((sink, stream))) = timeout(LIMIT, connect(&client, &channels)).await else {
            if orders.is_closed() {
                return;
            }
            // Whoever waits need not wait for this: all that listen look for themselves now and then.
            while orders.try_recv().is_ok() {}
            drop(order);
            sleep(PAUSE).await;
            continue;
        };
        // Whoever went away needs no answer.
        order.map(|order| order.done.send(()).ok());
        match serve(sink, stream, &channels, &mut orders).await {
            Ended::NobodyIsLeft => return,
            Ended::Lost => {
                tracing::debug!("news of streams are not heard until redis is back");
                // A server that hangs up on everybody is not to be asked without end.
                sleep(PAUSE).await;
            }
        }
    }
}

/// The channels that somebody listens to; the others are forgotten.
fn left(channels: &Channels) -> Vec<String> {
    let mut channels = lock(channels);
    channels.retain(|_, listened| listened.receiver_count() > 0);
    channels.keys().cloned().collect()
}

/// Connects, and listens to everything that somebody listens to.
async fn connect(client: &Client, channels: &Channels) -> RedisResult<(PubSubSink, PubSubStream)> {
    let (mut sink, stream) = client.get_async_pubsub().await?.split();
    let names = left(channels);
    if !names.is_empty() {
        sink.subscribe(&names).await?;
    }
    // What was told before is not heard: everybody looks.
    lock(channels).values().for_each(|channel| channel.send_modify(|news| *news += 1));
    Ok((sink, stream))
}

enum Ended {
    NobodyIsLeft,
    Lost,
}

async fn serve(
    mut sink: PubSubSink,
    mut stream: PubSubStream,
    channels: &Channels,
    orders: &mut mpsc::UnboundedReceiver<Order>,
) -> Ended {
    let mut sweep = interval(SWEEP);
    loop {
        let carried_out = tokio::select! {
            order = orders.recv() => {
                let Some(order) = order else { return Ended::NobodyIsLeft };
                timeout(LIMIT, subscribe(&mut sink, order)).await
            }
            _ = sweep.tick() => timeout(LIMIT, unsubscribe(&mut sink, channels)).await,
            message = stream.next() => {
                let Some(message) = message else { return Ended::Lost };
                if let Some(channel) = lock(channels).get(message.get_channel_name()) {
                    channel.send_modify(|news| *news += 1);
                }
                continue;
            }
        };
        if !matches!(carried_out, Ok(Ok(()))) {
            return Ended::Lost;
        }
    }
}

async fn subscribe(sink: &mut PubSubSink, order: Order) -> RedisResult<()> {
    sink.subscribe(&order.channel).await?;
    // Whoever went away needs no answer.
    order.done.send(()).ok();
    Ok(())
}

/// Leaves the channels that nobody listens to any more.
async fn unsubscribe(sink: &mut PubSubSink, channels: &Channels) -> RedisResult<()> {
    let unused: Vec<String> =
        lock(channels).extract_if(|_, listened| listened.receiver_count() == 0).map(|(channel, _)| channel).collect();
    if unused.is_empty() { Ok(()) } else { sink.unsubscribe(&unused).await }
}
