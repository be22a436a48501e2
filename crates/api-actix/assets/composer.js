// The question box: what Enter does, how long a question may be, and when it may be sent.

import { byId } from './dom.js';
import { bind, lang } from './i18n.js';
import { notices } from './notices.js';

const LIMIT = 2000;
const COUNT_FROM = 1800;
const MAX_HEIGHT_PX = 200;
// Reported as the key of any press that an input method is still composing; some browsers say it only this way.
const IME_KEY_CODE = 229;

/** The length the server counts: characters, not UTF-16 units. */
const lengthOf = (text) => Array.from(text).length;

export function createComposer({ onSend }) {
  const form = byId('composer-form');
  const input = byId('composer-input');
  const button = byId('send');
  const counter = byId('composer-counter');
  const hint = byId('composer-hint');
  let busy = false;

  function fit() {
    input.style.height = 'auto';
    input.style.height = `${Math.min(input.scrollHeight, MAX_HEIGHT_PX)}px`;
    input.style.overflowY = input.scrollHeight > MAX_HEIGHT_PX ? 'auto' : 'hidden';
  }

  function count() {
    const length = lengthOf(input.value.trim());
    counter.hidden = length <= COUNT_FROM;
    counter.textContent = `${length.toLocaleString(lang())} / ${LIMIT.toLocaleString(lang())}`;
    counter.classList.toggle('over', length > LIMIT);
    input.setAttribute('aria-invalid', String(length > LIMIT));
  }

  function update() {
    fit();
    count();
    button.classList.toggle('empty', input.value.trim() === '');
  }

  function submit() {
    const text = input.value.trim();
    if (text === '') return;
    if (busy) {
      notices.announce('composer.wait');
      return;
    }
    const length = lengthOf(text);
    if (length > LIMIT) {
      notices.showKey('composer.tooLong', { count: length.toLocaleString(lang()), over: (length - LIMIT).toLocaleString(lang()) });
      return;
    }
    input.value = '';
    update();
    onSend(text);
  }

  input.addEventListener('input', update);
  input.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === IME_KEY_CODE) return;
    event.preventDefault();
    submit();
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    submit();
    input.focus();
  });
  window.addEventListener('resize', fit);
  update();

  return {
    focus: () => input.focus(),
    /** Busy while a turn is live: one may go on typing, but not send. */
    setBusy(value) {
      busy = value;
      // aria-disabled rather than disabled, which would throw the focus away.
      button.setAttribute('aria-disabled', String(value));
      button.setAttribute('aria-busy', String(value));
      bind(button, value ? 'composer.busy' : 'composer.send', null, 'label');
      button.classList.toggle('busy', value);
      bind(hint, value ? 'composer.wait' : 'composer.hint');
    },
    /** Gives an unsent question back, before anything typed since. */
    restore(text) {
      input.value = input.value.trim() ? `${text}\n${input.value}` : text;
      update();
      input.focus();
    },
  };
}
