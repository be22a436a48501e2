// Keeps the newest words in view for a reader who is at the bottom, and leaves everyone else where they are.

import { byId } from './dom.js';

const NEAR_PX = 48;

export function createScroll() {
  const scroller = byId('scroller');
  const column = byId('column');
  const button = byId('to-bottom');
  let following = true;

  const distance = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
  const showButton = () => {
    button.hidden = distance() <= NEAR_PX;
  };
  const jump = () => {
    following = true;
    scroller.scrollTop = scroller.scrollHeight;
    showButton();
  };

  // Growth moves the bottom away without a scroll event, so only the reader's own scrolling decides about following.
  scroller.addEventListener('scroll', () => {
    following = distance() <= NEAR_PX;
    showButton();
  }, { passive: true });
  const onResize = new ResizeObserver(() => (following ? jump() : showButton()));
  onResize.observe(column);
  onResize.observe(scroller);
  button.addEventListener('click', () => {
    jump();
    byId('composer-input').focus();
  });

  return {
    toBottom: jump,
    toTop() {
      following = false;
      scroller.scrollTop = 0;
    },
    /** Runs a change above the reader's place without moving what they read. */
    keepPlace(change) {
      const height = scroller.scrollHeight;
      const top = scroller.scrollTop;
      following = false;
      change();
      scroller.scrollTop = top + scroller.scrollHeight - height;
      showButton();
    },
  };
}
