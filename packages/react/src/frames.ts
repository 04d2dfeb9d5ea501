/** Something whose state is brought up to date once a frame. */
export interface Flushed {
  flush(): void
}

/** Brings what has changed to its components once a frame: in the same frame, so that React commits once. */
export class Frames {
  readonly #due = new Set<Flushed>()

  /** Flushes it with the next frame; a hidden page has none, and does it in a microtask. */
  schedule(changed: Flushed): void {
    if (this.#due.add(changed).size > 1) return
    if (globalThis.document?.hidden !== false) return queueMicrotask(this.#flush)
    requestAnimationFrame(this.#flush)
    // The frame never comes to a page that is hidden before it.
    document.addEventListener('visibilitychange', this.#flush)
  }

  readonly #flush = (): void => {
    globalThis.document?.removeEventListener('visibilitychange', this.#flush)
    const due = [...this.#due]
    this.#due.clear()
    for (const changed of due) changed.flush()
  }
}
