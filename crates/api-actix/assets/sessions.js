// The list of conversations, newest first.

import { listSessions } from './api.js';
import { byId, h } from './dom.js';
import { bind, relativeTime } from './i18n.js';
import { notices } from './notices.js';

const MINUTE_MS = 60_000;
const STATE_LABELS = { expired: 'sessions.expired', ended: 'sessions.ended' };

export const hashFor = (id) => `#s=${encodeURIComponent(id)}`;

function sessionItem(session, isCurrent) {
  const title = session.title ? h('span', { class: 'session-title' }, session.title) : bind(h('span', { class: 'session-title' }), 'sessions.untitled');
  const label = STATE_LABELS[session.state];
  const state = label ? bind(h('span', { class: 'session-state' }), label) : null;
  const time = h('time', { datetime: session.lastActiveAt }, relativeTime(session.lastActiveAt));
  const link = h('a', {
    href: hashFor(session.id), class: 'session-item', 'aria-current': isCurrent ? 'page' : null, dataset: { testid: 'session-item', session: session.id },
  }, title, h('span', { class: 'session-about' }, state, time));
  return h('li', {}, link);
}

const newestFirst = (a, b) => Date.parse(b.lastActiveAt) - Date.parse(a.lastActiveAt);

export function createSessions({ onChange }) {
  const list = byId('session-list');
  const empty = byId('session-empty');
  const more = byId('more-sessions');
  const known = new Map();
  let current = null;
  let nextCursor = null;
  let pagesLoaded = 0;

  function render() {
    const focused = document.activeElement?.dataset?.session;
    // A session whose first question was refused holds nothing to come back to.
    const items = [...known.values()].filter(({ id, messageCount }) => messageCount !== 0 || id === current).sort(newestFirst);
    list.replaceChildren(...items.map((session) => sessionItem(session, session.id === current)));
    if (focused) list.querySelector(`[data-session="${CSS.escape(focused)}"]`)?.focus();
    empty.hidden = items.length > 0 || pagesLoaded === 0;
    more.hidden = nextCursor === null;
    onChange(known.get(current) ?? null);
  }

  async function load(cursor) {
    try {
      const page = await listSessions(cursor);
      page.items.forEach((session) => known.set(session.id, session));
      // A refreshed first page must not move the cursor back over pages that are already here.
      if (cursor || pagesLoaded <= 1) nextCursor = page.nextCursor ?? null;
      pagesLoaded = cursor ? pagesLoaded + 1 : Math.max(pagesLoaded, 1);
      render();
    } catch (error) {
      notices.showError(error, error.transient ? [{ key: 'action.retry', run: () => load(cursor) }] : []);
    }
  }

  more.addEventListener('click', () => load(nextCursor));
  setInterval(render, MINUTE_MS);

  return {
    /** Loads the newest page, keeping what is already listed. */
    refresh: () => load(),
    render,
    setCurrent(id) {
      current = id;
      render();
    },
  };
}
