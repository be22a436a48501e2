// Server-sent events out of a byte stream, by the rules of the HTML standard: chunks may end anywhere.

/** Collects text into events `{id, event, data}`. An id counts only once its event is complete. */
export class SseParser {
  #line = '';
  #skipLineFeed = false;
  #data = [];
  #event = '';
  #id = null;

  /** Takes the next piece of text and returns the events it completed. */
  push(text) {
    const events = [];
    let rest = text;
    if (this.#skipLineFeed && rest.length > 0) {
      if (rest[0] === '\n') rest = rest.slice(1);
      this.#skipLineFeed = false;
    }
    for (;;) {
      const end = rest.search(/[\r\n]/);
      if (end < 0) break;
      const event = this.#endLine(this.#line + rest.slice(0, end));
      this.#line = '';
      if (event) events.push(event);
      const isReturn = rest[end] === '\r';
      // A CR that ends the chunk may be half of a CRLF whose LF is still to come.
      this.#skipLineFeed = isReturn && end + 1 === rest.length;
      rest = rest.slice(end + (isReturn && rest[end + 1] === '\n' ? 2 : 1));
    }
    this.#line += rest;
    return events;
  }

  #endLine(line) {
    if (line === '') return this.#dispatch();
    if (line.startsWith(':')) return null;
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') this.#data.push(value);
    else if (field === 'event') this.#event = value;
    else if (field === 'id' && !value.includes('\0')) this.#id = value;
    return null;
  }

  #dispatch() {
    const event = this.#data.length === 0 ? null : { id: this.#id, event: this.#event || 'message', data: this.#data.join('\n') };
    this.#data = [];
    this.#event = '';
    return event;
  }
}

/** The body broke off or went silent: a matter of the connection, not of what was said on it. */
export class StreamBroken extends Error {
  constructor(cause) {
    super('the stream broke off', { cause });
    this.name = 'StreamBroken';
  }
}

async function readWithin(reader, idleMs) {
  let timer;
  const idle = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no byte for ${idleMs} ms`)), idleMs);
  });
  try {
    return await Promise.race([reader.read(), idle]);
  } catch (error) {
    throw new StreamBroken(error);
  } finally {
    clearTimeout(timer);
  }
}

/** Yields the events of a response body. Throws StreamBroken when it breaks off or stays silent for `idleMs`. */
export async function* readEvents(body, idleMs) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const parser = new SseParser();
  try {
    for (;;) {
      const { value, done } = await readWithin(reader, idleMs);
      if (done) return;
      yield* parser.push(decoder.decode(value, { stream: true }));
    }
  } finally {
    // Frees the connection when the reader stops early; after an error there is nothing left to cancel.
    reader.cancel().catch((error) => console.debug('stream was already closed', error));
  }
}
