// Dark or light: the system's choice until the reader makes their own.

import { byId, icon } from './dom.js';
import { bind } from './i18n.js';
import { local } from './storage.js';

const THEME_KEY = 'iyagi.theme';

export function createThemeToggle() {
  const button = byId('theme-toggle');
  const system = window.matchMedia('(prefers-color-scheme: dark)');
  const isDark = () => (document.documentElement.dataset.theme ?? (system.matches ? 'dark' : 'light')) === 'dark';

  function show() {
    button.replaceChildren(icon(isDark() ? 'sun' : 'moon'));
    bind(button, isDark() ? 'theme.light' : 'theme.dark', null, 'label');
  }

  button.addEventListener('click', () => {
    const theme = isDark() ? 'light' : 'dark';
    document.documentElement.dataset.theme = theme;
    local.set(THEME_KEY, theme);
    show();
  });
  system.addEventListener('change', show);
  show();
}
