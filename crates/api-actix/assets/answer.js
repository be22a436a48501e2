// Text as DOM nodes: paragraphs, line breaks, "- " bullets, tables of | cells |, **bold** and [n] citations. Nothing else is markup.

import { h } from './dom.js';
import { bind } from './i18n.js';

const INLINE = /\*\*([^\n]+?)\*\*|\[(\d{1,2}(?:\s*,\s*\d{1,2})*)\]/g;
const ROW = /^\s*\|.*\|\s*$/;
const RULE = /^[\s|:-]+$/;
const BULLET = /^\s*[-*•]\s+(.*)$/;

function citation(n, onCite) {
  const button = h('button', { type: 'button', class: 'citation', dataset: { testid: 'citation', source: n }, on: { click: () => onCite(n) } }, String(n));
  return bind(button, 'citation.label', { n }, 'label');
}

/** Citations become buttons only for sources that exist; `[2024]` or `[9]` of three stays what was written. */
function citations(marker, cite) {
  const numbers = marker.split(',').map(Number);
  if (!numbers.every((n) => n >= 1 && n <= cite.count)) return null;
  return numbers.map((n) => citation(n, cite.onCite));
}

function inline(text, cite) {
  const nodes = [];
  let from = 0;
  for (const match of text.matchAll(INLINE)) {
    const [whole, bold, marker] = match;
    const made = bold !== undefined ? [h('strong', {}, ...inline(bold, cite))] : citations(marker, cite);
    if (!made) continue;
    nodes.push(text.slice(from, match.index), ...made);
    from = match.index + whole.length;
  }
  nodes.push(text.slice(from));
  return nodes.filter((node) => node !== '');
}

function paragraph(lines, cite) {
  const nodes = lines.flatMap((line, i) => (i === 0 ? inline(line, cite) : [h('br'), ...inline(line, cite)]));
  return h('p', {}, ...nodes);
}

function bullets(lines, cite) {
  return h('ul', {}, ...lines.map((line) => h('li', {}, ...inline(line.match(BULLET)[1], cite))));
}

function cells(line) {
  return line.trim().slice(1, -1).split('|').map((cell) => cell.trim());
}

/** The row above the |---| line is the header. */
function table(lines, cite) {
  const headed = lines.length > 1 && RULE.test(lines[1]);
  const row = (line, cell) => h('tr', {}, ...cells(line).map((text) => h(cell, {}, ...inline(text, cite))));
  const body = lines.filter((line, i) => !RULE.test(line) && !(headed && i === 0));
  const head = headed ? h('thead', {}, row(lines[0], 'th')) : null;
  return h('div', { class: 'table' }, h('table', {}, head, h('tbody', {}, ...body.map((line) => row(line, 'td')))));
}

/** Consecutive lines of one kind; a blank line ends a block. */
function blocks(text) {
  const found = [];
  let open = null;
  for (const line of text.split(/\r\n|\r|\n/)) {
    if (line.trim() === '') {
      open = null;
      continue;
    }
    const make = ROW.test(line) ? table : BULLET.test(line) ? bullets : paragraph;
    if (open?.make !== make) {
      open = { make, lines: [] };
      found.push(open);
    }
    open.lines.push(line);
  }
  return found;
}

/** Nodes for `text`. `cite` is {count, onCite}: how many sources there are and what a click on [n] does. */
export function renderAnswer(text, cite = { count: 0, onCite: () => {} }) {
  return blocks(text).map(({ make, lines }) => make(lines, cite));
}

/** The text as one would read it aloud: no markers. */
export function plainText(text) {
  return text.replace(INLINE, (_, bold) => bold ?? '').replace(/\s+/g, ' ').trim();
}
