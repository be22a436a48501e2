// The messages already on the server: the newest page first, older ones on demand.

import { listMessages } from './api.js';
import { byId } from './dom.js';
import { AnswerView, questionView } from './message.js';
import { notices } from './notices.js';

// A question this old with no answer is not being answered any more.
const LIVE_FOR_MS = 10 * 60_000;

function viewOf(message) {
  return message.role === 'user' ? questionView(message.content) : new AnswerView(message, notices);
}

/** The turn that was still being answered when the page was stored, if any. */
export function unansweredTurn(items, now = Date.now()) {
  const last = items.at(-1);
  if (last?.role !== 'user' || !last.turnId || now - Date.parse(last.createdAt) > LIVE_FOR_MS) return null;
  return { turnId: last.turnId, message: last.content };
}

export function createHistory({ scroll }) {
  const log = byId('log');
  const older = byId('load-older');
  let sessionId = null;
  let before = null;

  function setNext(cursor) {
    before = cursor ?? null;
    older.hidden = before === null;
  }

  /** System messages belong to the machinery, not to the talk. */
  const elements = (items) => items.filter(({ role }) => role !== 'system').map((message) => viewOf(message).element);

  async function loadOlder() {
    const asked = sessionId;
    older.disabled = true;
    try {
      const page = await listMessages(asked, { before });
      if (asked !== sessionId) return;
      log.setAttribute('aria-live', 'off');
      scroll.keepPlace(() => {
        log.prepend(...elements(page.items));
        setNext(page.nextCursor);
      });
      setTimeout(() => log.setAttribute('aria-live', 'polite'));
    } catch (error) {
      notices.showError(error, error.transient ? [{ key: 'action.retry', run: loadOlder }] : []);
    } finally {
      older.disabled = false;
    }
  }

  older.addEventListener('click', loadOlder);

  return {
    clear() {
      sessionId = null;
      setNext(null);
      log.replaceChildren();
    },
    /** Replaces the log by the newest page of `id` and returns its messages. */
    async open(id, signal) {
      const page = await listMessages(id, { signal });
      sessionId = id;
      // Old messages are there to be read, not announced one after the other.
      log.setAttribute('aria-live', 'off');
      log.replaceChildren(...elements(page.items));
      setNext(page.nextCursor);
      scroll.toBottom();
      setTimeout(() => log.setAttribute('aria-live', 'polite'));
      return page.items;
    },
    append(view) {
      log.append(view.element);
      return view;
    },
    isEmpty: () => log.childElementCount === 0,
  };
}
