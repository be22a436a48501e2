// Every string of the page, in Korean and English, and the way elements are kept in the chosen language.

import { local } from './storage.js';

const LANG_KEY = 'iyagi.lang';

const ko = {
  brand: '이야기',
  skip: '질문 입력으로 건너뛰기',
  'lang.switch': 'English',
  'lang.label': 'Switch to English',
  'theme.dark': '어두운 화면으로',
  'theme.light': '밝은 화면으로',
  'drawer.open': '대화 목록 열기',
  'drawer.close': '대화 목록 닫기',
  'sessions.label': '대화 목록',
  'sessions.new': '새 대화',
  'sessions.more': '더 보기',
  'sessions.empty': '아직 나눈 대화가 없습니다.',
  'sessions.untitled': '제목 없는 대화',
  'sessions.expired': '만료됨',
  'sessions.ended': '종료됨',
  'time.now': '방금',
  'log.label': '대화 내용',
  'history.older': '이전 메시지',
  'welcome.title': '안녕하세요, 무엇을 도와드릴까요?',
  'welcome.lead': '배송, 반품, 결제처럼 궁금한 것을 편하게 물어보세요. 안내 문서를 찾아 근거와 함께 답해 드립니다.',
  'example.1': '제주도 배송비는 얼마예요?',
  'example.2': '반품은 며칠 안에 해야 하나요?',
  'example.3': '카드 환불은 언제 되나요?',
  'example.4': '매장 픽업이 되나요?',
  'scroll.bottom': '맨 아래로',
  'composer.label': '질문',
  'composer.placeholder': '무엇이든 물어보세요',
  'composer.send': '보내기',
  'composer.busy': '답변 중',
  'composer.hint': 'Enter로 보내고 Shift+Enter로 줄을 바꿉니다',
  'composer.wait': '답변이 끝나면 보낼 수 있습니다',
  'composer.tooLong': '질문은 2,000자까지 보낼 수 있습니다. 지금은 {count}자이니 {over}자를 줄여 주세요.',
  'role.user': '내 질문',
  'role.assistant': '답변',
  'status.sending': '보내는 중...',
  'status.reconnecting': '연결이 끊겨 다시 잇고 있습니다...',
  'answer.interrupted': '답변이 중간에 멈췄습니다.',
  'answer.cut': '답변을 여기까지 받았습니다.',
  'answer.none': '아직 답변을 받지 못했습니다.',
  'answer.failed': '답변을 마치지 못했습니다.',
  'answer.done': '답변이 도착했습니다. {text}',
  'answer.actions': '답변 도구',
  'question.unsent': '아직 보내지 못했습니다.',
  'sources.title': '출처 {count}',
  'sources.open': '원문 보기',
  'sources.untitled': '제목 없는 문서',
  'citation.label': '출처 {n} 보기',
  'feedback.up': '도움이 됐어요',
  'feedback.down': '도움이 되지 않았어요',
  'feedback.saved': '의견이 저장되었습니다.',
  'copy.label': '답변 복사',
  'copy.done': '복사했습니다',
  'copy.failed': '복사하지 못했습니다. 글을 직접 선택해 복사해 주세요.',
  'meta.seconds': '{seconds}초',
  'meta.tokens': '{tokens} 토큰',
  'error.network': '서버에 연결할 수 없습니다. 인터넷 연결을 확인해 주세요.',
  'error.unknown': '요청을 처리하지 못했습니다 ({status}).',
  'error.badReply': '서버의 응답을 읽을 수 없습니다.',
  'error.retryAfter': '{seconds}초 뒤에 다시 시도해 주세요.',
  'error.request': '요청 번호 {id}',
  'error.lost': '연결이 끊어졌습니다. 질문은 접수되어 답변은 계속 만들어지고 있으니, 다시 연결하면 이어서 볼 수 있습니다.',
  'error.unsent': '연결이 끊어져 질문이 접수되었는지 확인하지 못했습니다. 다시 시도해도 두 번 접수되지 않습니다.',
  'error.gone': '답변을 이어 볼 수 없습니다. 잠시 뒤에 다시 시도하면 저장된 답변을 볼 수 있습니다.',
  'action.retry': '다시 시도',
  'action.reconnect': '다시 연결',
  'action.newSession': '새 대화에서 묻기',
  'action.dismiss': '알림 닫기',
};

const en = {
  brand: 'Iyagi',
  skip: 'Skip to the question box',
  'lang.switch': '한국어',
  'lang.label': '한국어로 바꾸기',
  'theme.dark': 'Switch to dark theme',
  'theme.light': 'Switch to light theme',
  'drawer.open': 'Open the conversation list',
  'drawer.close': 'Close the conversation list',
  'sessions.label': 'Conversations',
  'sessions.new': 'New conversation',
  'sessions.more': 'Show more',
  'sessions.empty': 'No conversations yet.',
  'sessions.untitled': 'Untitled conversation',
  'sessions.expired': 'Expired',
  'sessions.ended': 'Ended',
  'time.now': 'just now',
  'log.label': 'Conversation',
  'history.older': 'Earlier messages',
  'welcome.title': 'Hello, how can we help?',
  'welcome.lead': 'Ask anything about delivery, returns or payment. Answers come from the shop’s own documents, with their sources.',
  'example.1': 'How much is delivery to Jeju?',
  'example.2': 'How many days do I have to return an item?',
  'example.3': 'When is a card payment refunded?',
  'example.4': 'Can I pick up my order in a shop?',
  'scroll.bottom': 'To the latest',
  'composer.label': 'Question',
  'composer.placeholder': 'Ask anything',
  'composer.send': 'Send',
  'composer.busy': 'Answering',
  'composer.hint': 'Enter sends, Shift+Enter adds a line',
  'composer.wait': 'You can send this when the answer has ended',
  'composer.tooLong': 'A question may have up to 2,000 characters. This one has {count}; please remove {over}.',
  'role.user': 'Your question',
  'role.assistant': 'Answer',
  'status.sending': 'Sending...',
  'status.reconnecting': 'The connection dropped, reconnecting...',
  'answer.interrupted': 'The answer stopped part-way.',
  'answer.cut': 'The answer was received up to here.',
  'answer.none': 'No answer has been received yet.',
  'answer.failed': 'The answer could not be finished.',
  'answer.done': 'The answer is here. {text}',
  'answer.actions': 'Answer tools',
  'question.unsent': 'Not sent yet.',
  'sources.title': 'Sources {count}',
  'sources.open': 'Open the original',
  'sources.untitled': 'Untitled document',
  'citation.label': 'Show source {n}',
  'feedback.up': 'This helped',
  'feedback.down': 'This did not help',
  'feedback.saved': 'Your feedback is saved.',
  'copy.label': 'Copy the answer',
  'copy.done': 'Copied',
  'copy.failed': 'Copying failed. Please select the text and copy it yourself.',
  'meta.seconds': '{seconds} s',
  'meta.tokens': '{tokens} tokens',
  'error.network': 'The server cannot be reached. Please check your internet connection.',
  'error.unknown': 'The request could not be handled ({status}).',
  'error.badReply': 'The server’s reply could not be read.',
  'error.retryAfter': 'Please try again in {seconds} s.',
  'error.request': 'Request {id}',
  'error.lost': 'The connection was lost. Your question was received and is still being answered; reconnect to read on.',
  'error.unsent': 'The connection was lost before the server confirmed your question. Trying again will not ask it twice.',
  'error.gone': 'This answer can no longer be followed. Try again in a moment to see it once it is saved.',
  'action.retry': 'Try again',
  'action.reconnect': 'Reconnect',
  'action.newSession': 'Ask in a new conversation',
  'action.dismiss': 'Dismiss',
};

const tables = { ko, en };

function initialLang() {
  const saved = local.get(LANG_KEY);
  if (saved in tables) return saved;
  return !navigator.language || /^ko\b/i.test(navigator.language) ? 'ko' : 'en';
}

let current = initialLang();

export const lang = () => current;

export function t(key, vars = {}) {
  const text = tables[current][key];
  if (text === undefined) throw new Error(`no string for ${key}`);
  return text.replace(/\{(\w+)\}/g, (_, name) => String(vars[name] ?? ''));
}

/** Puts the string into the element now and whenever the language changes. `target` is text, label or placeholder. */
export function bind(element, key, vars = null, target = 'text') {
  element.dataset[{ text: 'i18n', label: 'i18nLabel', placeholder: 'i18nPlaceholder' }[target]] = key;
  if (vars) element.dataset.i18nVars = JSON.stringify(vars);
  translate(element);
  return element;
}

function translate(element) {
  const { i18n, i18nLabel, i18nPlaceholder, i18nVars } = element.dataset;
  const vars = i18nVars ? JSON.parse(i18nVars) : {};
  if (i18n) element.textContent = t(i18n, vars);
  if (i18nPlaceholder) element.placeholder = t(i18nPlaceholder, vars);
  if (i18nLabel) {
    element.setAttribute('aria-label', t(i18nLabel, vars));
    if (element.matches('button')) element.title = t(i18nLabel, vars);
  }
}

export function translatePage() {
  document.documentElement.lang = current;
  document.querySelectorAll('[data-i18n], [data-i18n-label], [data-i18n-placeholder]').forEach(translate);
}

export function toggleLang() {
  current = current === 'ko' ? 'en' : 'ko';
  local.set(LANG_KEY, current);
  translatePage();
}

const STEPS = [['minute', 60], ['hour', 60], ['day', 24], ['month', 30], ['year', 12]];

/** "5분 전" for an RFC 3339 time. */
export function relativeTime(timestamp, now = Date.now()) {
  const seconds = (now - Date.parse(timestamp)) / 1000;
  if (!Number.isFinite(seconds)) return '';
  if (seconds < 60) return t('time.now');
  let value = seconds;
  let unit = 'minute';
  for (const [name, size] of STEPS) {
    if (value < size) break;
    value /= size;
    unit = name;
  }
  return new Intl.RelativeTimeFormat(current, { numeric: 'auto' }).format(-Math.floor(value), unit);
}
