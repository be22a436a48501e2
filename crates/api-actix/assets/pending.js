// Questions whose answer has not ended yet, so that a reload or a change of conversation can pick them up again.
// No event id is kept: the text on the page is lost then, and the answer is asked for from its beginning.

import { tab } from './storage.js';

const KEY = 'iyagi.pending';

function readAll() {
  try {
    return JSON.parse(tab.get(KEY) ?? '{}') ?? {};
  } catch (error) {
    console.warn('forgetting unreadable pending turns', error);
    return {};
  }
}

export function savePending({ sessionId, turnId, message, clientMessageId }) {
  if (!sessionId) return;
  tab.set(KEY, JSON.stringify({ ...readAll(), [sessionId]: { sessionId, turnId, message, clientMessageId } }));
}

export function pendingFor(sessionId) {
  return readAll()[sessionId] ?? null;
}

export function clearPending(sessionId) {
  const all = readAll();
  delete all[sessionId];
  tab.set(KEY, JSON.stringify(all));
}
