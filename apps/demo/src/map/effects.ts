import { type Spot, toTranslate } from './place.ts'
import './effects.css'

/** Things under way on the map at most; what is more is not drawn. */
const LIMIT = 90
/** A tab that murmurs without end makes this many milliseconds of rings overlap at most. */
const MURMUR = 260

const still = matchMedia('(prefers-reduced-motion: reduce)')

/** What moves on the map: rings of what is said, sparks to those who heard it, words over a tab. */
export class Effects {
  readonly #layer: HTMLElement
  readonly #murmured = new Map<string, number>()

  constructor(layer: HTMLElement) {
    this.#layer = layer
  }

  /** Somebody says something: it spreads. */
  ring(at: Spot, color: string, size = 1): void {
    for (const [index, delay] of (size < 1 ? [0] : [0, 140, 280]).entries()) {
      const frames = still.matches
        ? { opacity: [0.6, 0.3, 0], scale: [0.4 * size, 0.4 * size, 0.4 * size] }
        : { opacity: [0.9 - index * 0.2, 0.6 - index * 0.15, 0], scale: [0.06, size / 2, size] }
      this.#show('ring', at, color)?.animate(
        { ...frames, translate: [at, at, at].map(toTranslate) },
        { duration: 1800 * Math.sqrt(size), delay, easing: 'cubic-bezier(.2,.7,.3,1)', fill: 'backwards' },
      )
    }
  }

  /** Somebody says something small. */
  murmur(id: string, at: Spot, color: string): void {
    const now = performance.now()
    if (now - (this.#murmured.get(id) ?? 0) < MURMUR) return
    this.#murmured.set(id, now)
    this.ring(at, color, 0.3)
  }

  /** A message goes from one to another, in a bow or by way of these. Calls `arrived` there. */
  spark(from: Spot, to: Spot, color: string, count: number, via: readonly Spot[], arrived: () => void): void {
    const spark = still.matches ? undefined : this.#show('spark', from, color)
    if (!spark) return arrived()
    const bow: Spot = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2 - 7]
    const path = [from, ...(via.length > 0 ? via : [bow]), to]
    const big = 1 + Math.log10(count) / 2
    spark
      .animate({ translate: path.map(toTranslate), scale: [0.4 * big, big, 0.6 * big] }, { duration: 300 + 80 * path.length, easing: 'ease-in-out' })
      .finished.then(arrived, () => {})
  }

  /** A word that rises over a tab. */
  word(at: Spot, text: string, tone: 'good' | 'bad'): void {
    const word = this.#show(`word ${tone}`, at, '')
    if (!word) return
    word.textContent = text
    const up: Spot = still.matches ? at : [at[0], at[1] - 6]
    word.animate({ translate: [at, up].map(toTranslate), opacity: [0, 1, 1, 0] }, { duration: tone === 'good' ? 1600 : 3200, easing: 'ease-out' })
  }

  #show(className: string, at: Spot, color: string): HTMLElement | undefined {
    if (document.hidden || this.#layer.childElementCount >= LIMIT) return undefined
    const element = document.createElement('i')
    element.className = className
    element.style.color = color
    element.style.translate = toTranslate(at)
    this.#layer.append(element)
    // What it is animated by begins in this turn: afterwards it is over when that is.
    queueMicrotask(() => {
      void Promise.allSettled(element.getAnimations().map(({ finished }) => finished)).then(() => element.remove())
    })
    return element
  }
}
