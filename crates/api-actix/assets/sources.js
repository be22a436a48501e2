// The list of sources under an answer.

import { renderAnswer } from './answer.js';
import { h, icon } from './dom.js';
import { bind } from './i18n.js';

/** Only web addresses become links: a document's url is data and could be `javascript:`. */
function webAddress(url) {
  try {
    const parsed = new URL(url);
    return ['http:', 'https:'].includes(parsed.protocol) ? parsed.href : null;
  } catch {
    return null;
  }
}

function sourceItem(source, n) {
  const href = webAddress(source.url);
  const title = source.title ? h('span', { class: 'source-title' }, [source.title, ...(source.headings ?? [])].join(' › ')) : bind(h('span', { class: 'source-title' }), 'sources.untitled');
  const link = href
    ? h('a', { class: 'source-link', href, target: '_blank', rel: 'noopener noreferrer' }, bind(h('span'), 'sources.open'), icon('link'))
    : null;
  const content = source.content ? h('div', { class: 'source-content' }, ...renderAnswer(source.content)) : null;
  return h('details', { class: 'source', dataset: { testid: 'source', source: n } },
    h('summary', {}, h('span', { class: 'source-number', 'aria-hidden': true }, String(n)), title),
    h('div', { class: 'source-body' }, content, link));
}

/** Builds the list; `show(n)` opens source n and moves the focus to it. */
export function sourceList(sources) {
  const items = sources.map((source, i) => sourceItem(source, i + 1));
  const element = h('section', { class: 'sources', dataset: { testid: 'sources' } },
    bind(h('h3', { class: 'sources-title' }), 'sources.title', { count: sources.length }), ...items);
  const show = (n) => {
    const item = items[n - 1];
    if (!item) return;
    item.open = true;
    item.querySelector('summary').focus({ preventScroll: true });
    item.scrollIntoView({ block: 'nearest' });
  };
  return { element, show };
}
