import { expect } from 'vitest'
import type { App, Computer } from './browser.ts'

interface Said {
  readonly key: string
  readonly by: App
  outcome: number | string | undefined
}

/** Steady traffic in both directions, and what is wrong with how it was heard. */
export class Traffic {
  readonly #computer: Computer
  readonly #observer: App
  readonly #said: Said[] = []
  #count = 0

  /** @param observer hears everything, and nothing is done to it */
  constructor(computer: Computer, observer: App) {
    this.#computer = computer
    this.#observer = observer
  }

  get said(): number {
    return this.#said.length
  }

  /** One after the other says something, all the time. */
  async run(ms: number, every = 5): Promise<void> {
    for (let at = 0; at < ms; at += every) {
      const speakers = [this.#observer, ...this.#computer.living()]
      this.say(speakers[this.#count % speakers.length] as App)
      await this.#computer.advance(every)
    }
  }

  say(by: App): void {
    const said: Said = { key: `${by.name}: ${this.#count++}`, by, outcome: undefined }
    this.#said.push(said)
    void by.session.publish('talk', said.key).then(
      ({ offset }) => (said.outcome = offset ?? 'no offset'),
      (error: unknown) => (said.outcome = String(error)),
    )
  }

  /** Everything that can arrive arrives; then nobody may have missed anything. */
  async check(): Promise<void> {
    await this.#computer.advance(3000)
    expect(this.faults()).toEqual([])
  }

  /** Everything that is wrong, as sentences. `mayForget`: somebody may be told that nobody knows what became of a message. */
  faults(mayForget = false): string[] {
    const isTold = (text: unknown): boolean => mayForget && /forgotten|does not remember/.test(String(text))
    const all = this.#observer.heard
    const living = this.#computer.living()
    const listeners = [this.#observer, ...this.#computer.apps]
    const accepted = this.#said.filter(({ outcome }) => typeof outcome === 'number')
    return [
      ...all.filter((key, place) => all.indexOf(key) !== place).map(key => `${String(key)} is heard twice`),
      ...accepted.filter(({ key }) => !all.includes(key)).map(({ key }) => `${key} is accepted, and not heard`),
      ...this.#said.filter(({ by, outcome }) => (by === this.#observer || living.some(app => app === by)) && typeof outcome !== 'number' && !isTold(outcome)).map(({ key, outcome }) => `${key} comes to ${String(outcome)}`),
      // Whoever hears at all hears all from then on, in the one order.
      ...listeners.flatMap(app => wrongRow(app, all, living.some(each => each === app))),
      ...listeners.flatMap(({ name, gaps, errors }) => [...gaps.map(gap => `${name} is told the gap ${JSON.stringify(gap)}`), ...errors.filter(error => !isTold(error)).map(error => `${name} reports ${error}`)]),
    ]
  }
}

function wrongRow({ name, heard }: App, all: readonly unknown[], isAlive: boolean): string[] {
  const start = heard.length === 0 ? all.length : all.indexOf(heard[0])
  const due = all.slice(start, isAlive ? undefined : start + heard.length)
  const place = due.findIndex((key, index) => heard[index] !== key)
  if (place >= 0) return [`${name} hears ${String(heard[place])} instead of ${String(due[place])}`]
  return heard.length > due.length ? [`${name} hears ${String(heard[due.length])} too much`] : []
}
