// On a narrow screen the conversation list is a drawer over the conversation.

import { byId } from './dom.js';

export function createDrawer() {
  const narrow = window.matchMedia('(max-width: 719.98px)');
  const sidebar = byId('sidebar');
  const pane = byId('pane');
  const scrim = byId('scrim');
  const toggle = byId('drawer-toggle');
  let open = false;

  function set(value) {
    open = value && narrow.matches;
    sidebar.classList.toggle('open', open);
    // What lies under the drawer can be neither reached nor read out.
    pane.inert = open;
    sidebar.inert = narrow.matches && !open;
    scrim.hidden = !open;
    toggle.setAttribute('aria-expanded', String(open));
  }

  function close() {
    if (!open) return;
    set(false);
    toggle.focus();
  }

  toggle.addEventListener('click', () => {
    set(true);
    byId('drawer-close').focus();
  });
  byId('drawer-close').addEventListener('click', close);
  scrim.addEventListener('click', close);
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !event.isComposing) close();
  });
  narrow.addEventListener('change', () => set(false));
  set(false);

  return { close };
}
