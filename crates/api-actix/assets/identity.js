// Who is asking, and in which store.

import { local } from './storage.js';

const USER_KEY = 'iyagi.user';

/** A random UUID (v4). `crypto.randomUUID` is missing on plain http outside localhost, hence the long way. */
export function uuid() {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function rememberedUser() {
  const known = local.get(USER_KEY);
  if (known) return known;
  const fresh = `guest-${uuid()}`;
  local.set(USER_KEY, fresh);
  return fresh;
}

/** The guest's id, the same on every visit from this browser. */
export const userId = rememberedUser();

/** `?store=` of the page's address; undefined leaves the choice to the server's default store. */
export const storeId = new URLSearchParams(location.search).get('store') || undefined;
