// Browser storage that still works, for the life of the page, where the browser blocks it.

class SafeStorage {
  #backing = null;
  #memory = new Map();

  constructor(getBacking) {
    try {
      this.#backing = getBacking();
    } catch (error) {
      console.info('browser storage is blocked, keeping it in memory', error);
    }
  }

  get(key) {
    return this.#memory.get(key) ?? this.#backing?.getItem(key) ?? null;
  }

  set(key, value) {
    try {
      if (!this.#backing) throw new Error('no storage');
      this.#backing.setItem(key, value);
      this.#memory.delete(key);
    } catch {
      // Blocked or full: this page keeps working, the next one starts afresh.
      this.#memory.set(key, value);
    }
  }

  remove(key) {
    this.#memory.delete(key);
    this.#backing?.removeItem(key);
  }
}

/** Kept between visits. */
export const local = new SafeStorage(() => window.localStorage);
/** Kept for this tab, over reloads. */
export const tab = new SafeStorage(() => window.sessionStorage);
