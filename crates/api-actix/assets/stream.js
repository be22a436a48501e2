// One turn from question to `done`, across dropped connections.

import { ApiError, createSession, query, send } from './api.js';
import { storeId, userId } from './identity.js';
import { StreamBroken, readEvents } from './sse.js';

const BACKOFF_MS = [500, 1000, 2000, 4000, 8000];
// The server's comment lines come more often than this; a longer silence is a connection that died unnoticed.
const IDLE_MS = 45_000;

/** Every attempt to reconnect failed. The turn may still be running on the server. */
export class ConnectionLost extends Error {
  constructor() {
    super('connection lost');
    this.name = 'ConnectionLost';
  }
}

function sleep(ms, signal) {
  return new Promise((resolve, reject) => {
    const finish = () => {
      clearTimeout(timer);
      window.removeEventListener('online', finish);
      signal.removeEventListener('abort', stop);
      resolve();
    };
    const stop = () => {
      finish();
      reject(signal.reason);
    };
    const timer = setTimeout(finish, ms);
    window.addEventListener('online', finish);
    signal.addEventListener('abort', stop);
  });
}

/** Asks the question, or joins its turn where the page stopped reading. */
async function connect(turn, { onTurn, signal }) {
  if (turn.turnId) {
    const headers = turn.lastEventId ? { 'Last-Event-ID': turn.lastEventId } : {};
    return send(`/api/turns/${encodeURIComponent(turn.turnId)}/stream?${query({ userId, storeId })}`, { headers, signal });
  }
  if (!turn.sessionId) {
    turn.sessionId = await createSession(signal);
    onTurn(turn);
  }
  const { message, sessionId, clientMessageId } = turn;
  // The same clientMessageId on every attempt: the server answers with the turn it already opened.
  const body = { message, userId, sessionId, storeId, clientMessageId };
  return send('/api/chat/stream', { method: 'POST', body, headers: { Accept: 'text/event-stream' }, signal });
}

function isRepeat(turn, id) {
  return /^\d+$/.test(id ?? '') && /^\d+$/.test(turn.lastEventId ?? '') && Number(id) <= Number(turn.lastEventId);
}

/** Hands on the events of one connection; true when the turn ended. */
async function readTurn(response, turn, { onTurn, onEvent, signal }) {
  for await (const { id, data } of readEvents(response.body, IDLE_MS)) {
    if (signal.aborted) throw signal.reason;
    const event = JSON.parse(data);
    // A stream that is no longer kept is told anew from its beginning, whatever was heard before.
    if (event.type === 'session') turn.lastEventId = undefined;
    if (isRepeat(turn, id)) continue;
    if (id) turn.lastEventId = id;
    if (event.type === 'session') {
      turn.sessionId = event.sessionId;
      turn.turnId = event.turnId;
      onTurn(turn);
    }
    onEvent(event);
    if (event.type === 'done' || event.type === 'error') return true;
  }
  return false;
}

/** Whether to reconnect. A busy or broken server is waited for only once the turn exists; before, the reader decides. */
function isDrop(error, turn) {
  if (error instanceof StreamBroken) return true;
  return error instanceof ApiError && (error.status === 0 || (Boolean(turn.turnId) && error.transient));
}

/**
 * Runs `turn` ({message, clientMessageId, sessionId?, turnId?, lastEventId?}, updated in place) to its end.
 * Calls onTurn when its session or turn id becomes known, onEvent for each event, onWaiting before each reconnection.
 * Throws ApiError when the server refuses, ConnectionLost when it stays away, the signal's reason when aborted.
 */
export async function runTurn(turn, handlers) {
  const { onWaiting, signal } = handlers;
  let failures = 0;
  for (;;) {
    const before = turn.lastEventId;
    try {
      const response = await connect(turn, handlers);
      if (await readTurn(response, turn, handlers)) return;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (!isDrop(error, turn)) throw error;
      console.info('connection dropped', error);
    }
    if (turn.lastEventId !== before) failures = 0;
    if (failures >= BACKOFF_MS.length) throw new ConnectionLost();
    onWaiting();
    await sleep(BACKOFF_MS[failures], signal);
    failures += 1;
  }
}
