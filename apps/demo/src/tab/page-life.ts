import type { PageEvent, PageEventLike, PageLike } from '@earshot/core'

type Heed = (event: PageEventLike) => void

/** The life of this page as its hub sees it: the window's, and what a visitor makes of it. */
export class PageLife implements PageLike {
  readonly document: PageLike['document'] = document
  readonly #heeds = new Map<PageEvent, Set<Heed>>()
  #isCut = false
  /** Told before the hub leaves, so that there is time for a last word, and after it has come back. */
  onGoing: ((isGoing: boolean) => void) | undefined

  addEventListener(type: PageEvent, listener: Heed): void {
    let heeds = this.#heeds.get(type)
    if (!heeds) {
      this.#heeds.set(type, (heeds = new Set()))
      window.addEventListener(type, event => this.#tell(type, { persisted: event instanceof PageTransitionEvent && event.persisted }), true)
    }
    heeds.add(listener)
  }

  removeEventListener(type: PageEvent, listener: Heed): void {
    this.#heeds.get(type)?.delete(listener)
  }

  /** The hub leaves the others as if this page went to the back/forward cache. */
  stepOut(): void {
    this.#tell('pagehide', { persisted: true })
  }

  /** … and comes back. */
  stepIn(): void {
    this.#tell('pageshow', { persisted: true })
  }

  /** From now on the hub is told nothing: when this page ends, nobody says goodbye. */
  cut(): void {
    this.#isCut = true
  }

  #tell(type: PageEvent, event: PageEventLike): void {
    if (this.#isCut) return
    if (type === 'pagehide') this.onGoing?.(true)
    for (const heed of this.#heeds.get(type) ?? []) heed(event)
    if (type === 'pageshow') this.onGoing?.(false)
  }
}
