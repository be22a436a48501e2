// The conversation on the page: opening one, asking in it, and what happens when a turn does not go well.

import { ApiError } from './api.js';
import { byId } from './dom.js';
import { createHistory, unansweredTurn } from './history.js';
import { t } from './i18n.js';
import { uuid } from './identity.js';
import { AnswerView, questionView } from './message.js';
import { notices } from './notices.js';
import { clearPending, pendingFor, savePending } from './pending.js';
import { ConnectionLost, runTurn } from './stream.js';

const OVER_CODES = ['SESSION_EXPIRED', 'SESSION_ENDED'];

export class Conversation {
  #history;
  #scroll;
  #composer;
  #hooks;
  #sessionId = null;
  // Aborted when another conversation is opened: the server finishes the turn, this page stops reading it.
  #reading = new AbortController();

  /** `hooks`: onSession(id) when a new session gets its id, onActivity() when a turn began or ended, startNew(). */
  constructor({ scroll, composer, hooks }) {
    this.#history = createHistory({ scroll });
    this.#scroll = scroll;
    this.#composer = composer;
    this.#hooks = hooks;
  }

  get sessionId() {
    return this.#sessionId;
  }

  /** Shows session `id`, or the empty state for null, and goes on reading an answer that is still under way. */
  async open(id, { resume = true } = {}) {
    this.#reading.abort(new DOMException('another conversation was opened', 'AbortError'));
    this.#reading = new AbortController();
    const { signal } = this.#reading;
    this.#sessionId = id;
    this.#composer.setBusy(false);
    this.#history.clear();
    this.#showWelcome(id === null);
    notices.clear();
    if (id === null) return;
    try {
      const items = await this.#history.open(id, signal);
      this.#showWelcome(items.length === 0);
      if (resume) this.#pickUp(id, items);
      else if (unansweredTurn(items)) notices.showKey('error.gone', {}, [{ key: 'action.retry', run: () => this.open(id, { resume: false }) }]);
    } catch (error) {
      if (!signal.aborted) this.#openFailed(id, error);
    }
  }

  /** Asks `text` as a new turn. */
  ask(text) {
    notices.clear();
    this.#showWelcome(false);
    const turn = { message: text, clientMessageId: uuid(), sessionId: this.#sessionId };
    const question = this.#history.append(questionView(text));
    const answer = this.#history.append(new AnswerView({ role: 'assistant', status: 'streaming' }, notices));
    this.#scroll.toBottom();
    return this.#run({ turn, question, answer });
  }

  #showWelcome(visible) {
    byId('welcome').hidden = !visible;
    if (visible) this.#scroll.toTop();
  }

  #openFailed(id, error) {
    const again = { key: 'action.retry', run: () => this.open(id) };
    const fresh = { key: 'sessions.new', run: () => this.#hooks.startNew() };
    notices.showError(error, error.transient ? [again] : [fresh]);
  }

  /** Joins the live turn of a conversation just opened: known from this tab, or told by an unanswered question. */
  async #pickUp(id, items) {
    const saved = pendingFor(id);
    const answered = saved && items.some(({ role, turnId }) => role === 'assistant' && turnId && turnId === saved.turnId);
    if (answered) clearPending(id);
    const known = saved && !answered ? saved : unansweredTurn(items);
    if (!known) return;
    const onPage = items.at(-1)?.role === 'user' && (!known.turnId || items.at(-1).turnId === known.turnId);
    const question = questionView(known.message);
    if (!onPage) this.#history.append(question);
    this.#showWelcome(false);
    const answer = this.#history.append(new AnswerView({ role: 'assistant', status: 'streaming' }, notices));
    const turn = { message: known.message, clientMessageId: known.clientMessageId ?? uuid(), sessionId: id, turnId: known.turnId };
    await this.#run({ turn, question, answer });
    // Sent again without knowing whether the server had it already: what is stored decides what is shown.
    const resent = !known.turnId && answer.status === 'complete' && this.#sessionId === id;
    if (resent) this.open(id, { resume: false });
  }

  async #run(exchange) {
    const { turn, question, answer } = exchange;
    const { signal } = this.#reading;
    question.setUnsent(false);
    this.#composer.setBusy(true);
    savePending(turn);
    answer.setStatusKey('status.sending');
    try {
      await runTurn(turn, {
        signal,
        onTurn: (known) => this.#learn(known),
        onEvent: (event) => this.#show(event, exchange),
        onWaiting: () => answer.setStatusKey('status.reconnecting'),
      });
      this.#hooks.onActivity();
    } catch (error) {
      if (!signal.aborted) this.#runFailed(error, exchange);
    } finally {
      if (!signal.aborted) this.#composer.setBusy(false);
    }
  }

  #learn(turn) {
    savePending(turn);
    if (turn.sessionId !== this.#sessionId) {
      this.#sessionId = turn.sessionId;
      this.#hooks.onSession(turn.sessionId);
    }
    if (turn.turnId) this.#hooks.onActivity();
  }

  #show(event, exchange) {
    const { turn, answer } = exchange;
    if (event.type === 'session') answer.restart();
    else if (event.type === 'status') answer.setStatusLine(event.message);
    else if (event.type === 'token') answer.append(event.content);
    else if (event.type === 'sources') answer.setSources(event.sources);
    else if (event.type === 'done') {
      clearPending(turn.sessionId);
      answer.end('complete', { id: event.messageId, metadata: event.metadata });
    } else if (event.type === 'error') {
      clearPending(turn.sessionId);
      answer.end('failed');
      this.#offerAgain(event, turn);
    }
  }

  /** The turn ended badly on the server; asking again is a new turn. */
  #offerAgain(event, turn) {
    const error = { message: event.content, code: event.code };
    if (OVER_CODES.includes(event.code)) this.#offerNewSession(error, turn.message);
    else notices.showError(error, [{ key: 'action.retry', run: () => this.ask(turn.message) }]);
  }

  #offerNewSession(error, text) {
    this.#composer.restore(text);
    notices.showError(error, [{ key: 'action.newSession', run: () => this.#hooks.startNew() }]);
  }

  #runFailed(error, exchange) {
    const { turn, question, answer } = exchange;
    if (error instanceof ConnectionLost) this.#connectionLost(exchange);
    else if (turn.turnId && error instanceof ApiError) this.#turnGone(turn);
    else if (error instanceof ApiError) this.#refused(error, exchange);
    else {
      // A reply this page cannot read. The turn exists or not; only the server's history can tell.
      console.error(error);
      answer.end('interrupted');
      question.setUnsent(!turn.turnId);
      notices.showError({ message: t('error.badReply') }, this.#sessionId ? [{ key: 'action.retry', run: () => this.open(this.#sessionId) }] : []);
    }
  }

  #connectionLost(exchange) {
    const { turn, question, answer } = exchange;
    answer.end('interrupted', { note: turn.turnId ? 'answer.cut' : 'answer.none' });
    question.setUnsent(!turn.turnId);
    const again = { key: turn.turnId ? 'action.reconnect' : 'action.retry', run: () => this.#again(exchange) };
    notices.showKey(turn.turnId ? 'error.lost' : 'error.unsent', {}, [again]);
  }

  #again(exchange) {
    exchange.answer.resume();
    this.#run(exchange);
  }

  /** The stream of a turn that was opened is no longer kept: the stored conversation says how it ended. */
  #turnGone(turn) {
    clearPending(turn.sessionId);
    this.open(turn.sessionId, { resume: false });
  }

  /** The question was not taken. What may pass by itself can be repeated; the rest goes back into the composer. */
  #refused(error, exchange) {
    const { turn, question, answer } = exchange;
    clearPending(turn.sessionId);
    if (error.transient) {
      answer.element.remove();
      question.setUnsent(true);
      const again = () => {
        question.element.after(answer.element);
        this.#again(exchange);
      };
      notices.showError(error, [{ key: 'action.retry', run: again }]);
      return;
    }
    question.element.remove();
    answer.element.remove();
    this.#showWelcome(this.#history.isEmpty());
    if (error.sessionOver) {
      this.#offerNewSession(error, turn.message);
    } else {
      this.#composer.restore(turn.message);
      notices.showError(error);
    }
  }
}
