// One message on the page: a question, or an answer that grows while it is streamed.

import { plainText, renderAnswer } from './answer.js';
import { h } from './dom.js';
import { bind } from './i18n.js';
import { sourceList } from './sources.js';
import { answerTools } from './tools.js';

function article(role, status) {
  const element = h('article', { class: `message ${role}`, dataset: { testid: 'message', role, status } });
  return bind(element, `role.${role}`, null, 'label');
}

/** A question. `setUnsent` says below it whether the server has it. */
export function questionView(content) {
  const element = article('user', 'complete');
  const note = bind(h('p', { class: 'note', hidden: true }), 'question.unsent');
  element.append(h('div', { class: 'bubble' }, content), note);
  return {
    element,
    setUnsent(unsent) {
      element.dataset.status = unsent ? 'failed' : 'complete';
      note.hidden = !unsent;
    },
  };
}

/** An answer. Create it from a stored message, or empty with status `streaming` and feed it. */
export class AnswerView {
  #notices;
  #message;
  #statusLine = h('p', { class: 'status-line', dataset: { testid: 'status-line' } });
  // Announced as a whole when it ends, never token by token.
  #text = h('div', { class: 'answer', 'aria-live': 'off' });
  #below = h('div', { class: 'below' });
  #serverStatus = '';
  #frame = 0;

  constructor(message, notices) {
    this.#notices = notices;
    this.#message = { content: '', sources: [], ...message };
    this.element = article('assistant', message.status);
    this.element.append(this.#statusLine, this.#text, this.#below);
    this.#settle();
  }

  get status() {
    return this.#message.status;
  }

  /** The quiet line under the question: what the server says it is doing, shown and announced. */
  setStatusLine(text) {
    this.#serverStatus = text;
    this.#showServerStatus();
    this.#notices.announceText(text);
  }

  /** The same for one of the page's own strings, until the server speaks again. */
  setStatusKey(key) {
    bind(this.#statusLine, key);
    this.#statusLine.hidden = false;
    this.#notices.announce(key);
  }

  #showServerStatus() {
    this.#statusLine.removeAttribute('data-i18n');
    this.#statusLine.textContent = this.#serverStatus;
    this.#statusLine.hidden = this.#serverStatus === '';
  }

  /** Back to an empty, growing answer. */
  restart() {
    Object.assign(this.#message, { content: '', sources: [] });
    this.resume();
  }

  /** Grows again after an interruption, keeping what is there. */
  resume() {
    Object.assign(this.#message, { status: 'streaming', note: null });
    this.#settle();
  }

  append(token) {
    this.#message.content += token;
    if (this.#statusLine.dataset.i18n) this.#showServerStatus();
    // One rendering per frame, however fast the tokens come.
    this.#frame ||= requestAnimationFrame(() => this.#render());
  }

  setSources(sources) {
    this.#message.sources = sources ?? [];
  }

  /** Ends the answer as `complete`, `interrupted` or `failed`; `details.note` is the key of what to say of an unfinished one. */
  end(status, details = {}) {
    Object.assign(this.#message, details, { status });
    this.#settle();
    const text = plainText(this.#message.content);
    if (status === 'complete') this.#notices.announce('answer.done', { text });
  }

  #settle() {
    const { status, content } = this.#message;
    const streaming = status === 'streaming';
    this.element.dataset.status = status;
    this.element.toggleAttribute('aria-busy', false);
    if (streaming) this.element.setAttribute('aria-busy', 'true');
    this.#statusLine.hidden = !streaming || this.#statusLine.textContent === '';
    this.#below.replaceChildren();
    const list = streaming ? null : this.#addSources();
    this.#render(list);
    if (streaming) return;
    if (status !== 'complete') this.#below.prepend(bind(h('p', { class: 'note' }), this.#message.note ?? `answer.${status}`));
    if (content && status !== 'failed') this.#below.append(answerTools(this.#message, this.#notices));
  }

  #addSources() {
    const { sources, content } = this.#message;
    if (!sources?.length || !content) return null;
    const list = sourceList(sources);
    this.#below.append(list.element);
    return list;
  }

  #render(list = null) {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const { content, sources } = this.#message;
    this.#text.replaceChildren(...renderAnswer(content, list ? { count: sources.length, onCite: list.show } : undefined));
  }
}
