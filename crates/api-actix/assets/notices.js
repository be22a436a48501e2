// What must be said to everyone: the error line above the composer, and announcements for screen readers.

import { byId, h, icon } from './dom.js';
import { bind, t } from './i18n.js';

const line = byId('error');
const announcer = byId('announcer');

function actionButton({ key, run }) {
  const button = h('button', { type: 'button', class: 'alert-action', on: { click: () => { clear(); run(); } } });
  return bind(button, key);
}

function dismissButton() {
  const button = h('button', { type: 'button', class: 'icon-button small', on: { click: clear } }, icon('close'));
  return bind(button, 'action.dismiss', null, 'label');
}

function show(content, actions) {
  line.replaceChildren(h('div', { class: 'alert-text' }, ...content),
    h('div', { class: 'alert-actions' }, ...actions.map(actionButton), dismissButton()));
  line.hidden = false;
}

function clear() {
  if (line.hidden) return;
  line.hidden = true;
  line.replaceChildren();
}

/** Shows an error: an ApiError or an `error` event's {message, code, requestId, retryAfter}. */
function showError(error, actions = []) {
  const content = [h('p', {}, error.message)];
  if (error.retryAfter) content.push(bind(h('p', {}), 'error.retryAfter', { seconds: error.retryAfter }));
  if (error.requestId && error.status >= 500) content.push(bind(h('p', { class: 'alert-detail' }), 'error.request', { id: error.requestId }));
  line.dataset.code = error.code ?? '';
  show(content, actions);
}

/** Shows one of the page's own messages. */
function showKey(key, vars = {}, actions = []) {
  line.dataset.code = '';
  show([bind(h('p'), key, vars)], actions);
}

function announceText(text) {
  announcer.textContent = text;
}

function announce(key, vars = {}, { visible = false } = {}) {
  if (visible) showKey(key, vars);
  else announceText(t(key, vars));
}

export const notices = { showError, showKey, clear, announce, announceText };
