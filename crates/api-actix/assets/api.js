// The server's JSON endpoints, and the one shape in which all their failures arrive.

import { lang, t } from './i18n.js';
import { storeId, userId } from './identity.js';

/** A refused or failed request. `status` is 0 when the server could not be reached at all. */
export class ApiError extends Error {
  constructor({ message, status = 0, code = null, requestId = null, retryAfter = null }) {
    super(message);
    this.name = 'ApiError';
    Object.assign(this, { status, code, requestId, retryAfter });
  }

  /** Worth repeating as it is: the server was unreachable, busy or broken, not unwilling. */
  get transient() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }

  /** The conversation can take no further question. */
  get sessionOver() {
    return ['SESSION_EXPIRED', 'SESSION_ENDED', 'SESSION_NOT_FOUND'].includes(this.code) || this.status === 410;
  }
}

function retryAfterSeconds(header) {
  if (!header) return null;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(1, Math.ceil(seconds)) : null;
}

async function errorFrom(response) {
  let body = {};
  try {
    body = (await response.json()) ?? {};
  } catch (error) {
    // A proxy's HTML page, or a body cut short: the status still tells the story.
    console.warn('error reply without a JSON body', response.status, error);
  }
  return new ApiError({
    message: typeof body.error === 'string' && body.error ? body.error : t('error.unknown', { status: response.status }),
    status: response.status,
    code: body.code ?? null,
    requestId: body.requestId ?? response.headers.get('x-request-id'),
    retryAfter: retryAfterSeconds(response.headers.get('retry-after')),
  });
}

/** Sends a request and returns the successful response, its body unread. */
export async function send(path, { method = 'GET', body, headers = {}, signal } = {}) {
  const init = { method, signal, headers: { 'Accept-Language': lang(), ...headers } };
  if (body !== undefined) {
    init.headers['Content-Type'] = 'application/json';
    init.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError({ message: t('error.network') });
  }
  if (!response.ok) throw await errorFrom(response);
  return response;
}

async function json(path, options) {
  const response = await send(path, options);
  try {
    return response.status === 204 ? null : await response.json();
  } catch (error) {
    if (options?.signal?.aborted) throw error;
    throw new ApiError({ message: t('error.badReply'), status: 502 });
  }
}

/** A query string of the parameters that are known. */
export function query(params) {
  const known = Object.entries(params).filter(([, value]) => value !== undefined && value !== null);
  return new URLSearchParams(known).toString();
}

export function listSessions(cursor) {
  return json(`/api/sessions?${query({ userId, storeId, limit: 20, cursor })}`);
}

/** Opens an empty session and returns its id. Without one, the server would continue the user's latest conversation. */
export async function createSession(signal) {
  const session = await json('/api/sessions', { method: 'POST', body: { userId, storeId }, signal });
  return session.id;
}

/** One page of messages, oldest first; the newest page without `before`. */
export function listMessages(sessionId, { before, signal } = {}) {
  return json(`/api/sessions/${encodeURIComponent(sessionId)}/messages?${query({ userId, storeId, limit: 50, before })}`, { signal });
}

export function sendFeedback(messageId, thumbs) {
  const body = { thumbs, userId, storeId };
  return json(`/api/messages/${encodeURIComponent(messageId)}/feedback`, { method: 'POST', body });
}
