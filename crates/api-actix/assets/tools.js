// What stands below a finished answer: feedback, copy, and what the answer took.

import { sendFeedback } from './api.js';
import { h, icon } from './dom.js';
import { bind, lang } from './i18n.js';

function thumbButton(thumbs, onPress) {
  const button = h('button', {
    type: 'button', class: 'tool', 'aria-pressed': 'false', dataset: { testid: `feedback-${thumbs}` }, on: { click: () => onPress(thumbs) },
  }, icon(`${thumbs}-thumb`));
  return bind(button, `feedback.${thumbs}`, null, 'label');
}

/** Two buttons of which one at most is pressed. A press shows at once and is taken back if it cannot be saved. */
function feedbackButtons(messageId, feedback, notices) {
  let saved = feedback?.thumbs ?? null;
  let saving = false;
  const show = (thumbs) => {
    for (const [name, button] of Object.entries(buttons)) button.setAttribute('aria-pressed', String(name === thumbs));
  };
  const press = async (thumbs) => {
    if (saving || thumbs === saved) return;
    saving = true;
    show(thumbs);
    try {
      await sendFeedback(messageId, thumbs);
      saved = thumbs;
      notices.announce('feedback.saved');
    } catch (error) {
      show(saved);
      notices.showError(error, [{ key: 'action.retry', run: () => press(thumbs) }]);
    } finally {
      saving = false;
    }
  };
  const buttons = { up: thumbButton('up', press), down: thumbButton('down', press) };
  show(saved);
  return [buttons.up, buttons.down];
}

/** Plain http outside localhost has no clipboard API; the old way still works there. */
function copyBySelection(text) {
  const area = h('textarea', { class: 'visually-hidden', 'aria-hidden': true });
  area.value = text;
  document.body.append(area);
  area.select();
  const copied = document.execCommand('copy');
  area.remove();
  if (!copied) throw new Error('the browser refused to copy');
}

function copyButton(text, notices) {
  const button = h('button', { type: 'button', class: 'tool', dataset: { testid: 'copy' } }, icon('copy'));
  const showDone = () => {
    button.replaceChildren(icon('check'));
    setTimeout(() => button.replaceChildren(icon('copy')), 2000);
    notices.announce('copy.done');
  };
  button.addEventListener('click', async () => {
    try {
      if (navigator.clipboard) await navigator.clipboard.writeText(text);
      else copyBySelection(text);
      showDone();
    } catch (error) {
      console.warn('copy failed', error);
      notices.announce('copy.failed', {}, { visible: true });
    }
    button.focus();
  });
  return bind(button, 'copy.label', null, 'label');
}

/** What an answer took: a stored message says it itself, one just streamed in its metadata. */
function metaLine(message) {
  const { responseTime, tokenUsage, model } = { ...message, ...message.metadata };
  const parts = [];
  if (Number.isFinite(responseTime)) {
    parts.push(bind(h('span'), 'meta.seconds', { seconds: (responseTime / 1000).toFixed(1) }));
  }
  if (Number.isFinite(tokenUsage) && tokenUsage > 0) {
    parts.push(bind(h('span'), 'meta.tokens', { tokens: tokenUsage.toLocaleString(lang()) }));
  }
  if (model) parts.push(h('span', { class: 'meta-model' }, model));
  return h('p', { class: 'meta' }, ...parts.flatMap((part, i) => (i === 0 ? [part] : [' · ', part])));
}

/** The row of tools for a message {id, content, feedback, metadata, model}. */
export function answerTools(message, notices) {
  const feedback = message.id ? feedbackButtons(message.id, message.feedback, notices) : [];
  const buttons = h('div', { class: 'tool-buttons', role: 'group' }, ...feedback, copyButton(message.content, notices));
  return h('div', { class: 'tools' }, bind(buttons, 'answer.actions', null, 'label'), metaLine(message));
}
