// Wires the page together: the address decides which conversation is shown.

import { createComposer } from './composer.js';
import { Conversation } from './conversation.js';
import { byId, h } from './dom.js';
import { createDrawer } from './drawer.js';
import { bind, lang, t, toggleLang, translatePage } from './i18n.js';
import { createScroll } from './scroll.js';
import { createSessions, hashFor } from './sessions.js';
import { createThemeToggle } from './theme.js';

const EXAMPLES = ['example.1', 'example.2', 'example.3', 'example.4'];

function sessionInAddress() {
  const match = location.hash.match(/^#s=(.+)$/);
  if (!match) return null;
  try {
    return decodeURIComponent(match[1]);
  } catch (error) {
    console.warn('ignoring a malformed address', error);
    return null;
  }
}

function blankAddress() {
  return location.pathname + location.search;
}

const drawer = createDrawer();
const composer = createComposer({ onSend: (text) => conversation.ask(text) });
const sessions = createSessions({ onChange: showTitle });
const conversation = new Conversation({
  scroll: createScroll(),
  composer,
  hooks: {
    onSession(id) {
      history.replaceState(null, '', hashFor(id));
      sessions.setCurrent(id);
    },
    onActivity: () => sessions.refresh(),
    startNew,
  },
});

function showTitle(session) {
  const title = session?.title || t('brand');
  byId('title').textContent = title;
  document.title = session?.title ? `${session.title} – ${t('brand')}` : t('brand');
}

function openFromAddress() {
  const id = sessionInAddress();
  sessions.setCurrent(id);
  conversation.open(id);
}

/** An empty conversation; what is in the composer stays. */
function startNew() {
  if (sessionInAddress() !== null) history.pushState(null, '', blankAddress());
  openFromAddress();
  drawer.close();
  composer.focus();
}

function addExamples() {
  byId('examples').append(...EXAMPLES.map((key) => {
    const button = h('button', { type: 'button', class: 'example', on: { click: () => conversation.ask(t(key)) } });
    return h('li', {}, bind(button, key));
  }));
}

function setUpLanguage() {
  const button = bind(bind(byId('lang-toggle'), 'lang.switch'), 'lang.label', null, 'label');
  const nameOther = () => {
    button.lang = lang() === 'ko' ? 'en' : 'ko';
  };
  button.addEventListener('click', () => {
    toggleLang();
    nameOther();
    sessions.render();
  });
  translatePage();
  nameOther();
}

byId('new-session').addEventListener('click', startNew);
byId('skip-link').addEventListener('click', (event) => {
  // The address names the conversation, so the link must not change it.
  event.preventDefault();
  composer.focus();
});
byId('session-list').addEventListener('click', (event) => {
  if (event.target.closest('a')) drawer.close();
});
// Covers links, edits of the address, and going back to an address the script pushed.
window.addEventListener('popstate', () => {
  if (sessionInAddress() !== conversation.sessionId) openFromAddress();
});

addExamples();
setUpLanguage();
createThemeToggle();
sessions.refresh();
openFromAddress();
if (window.matchMedia('(hover: hover)').matches) composer.focus();
