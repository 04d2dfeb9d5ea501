import { lease, type Retain } from './lease.ts'
import { presenceStores, type Voice } from './presence-store.ts'
import type { SessionSource } from './session-source.ts'

/** A component that enters. */
export interface Speaker extends Voice {
  data?: unknown
  /** Enters, and leaves 300 ms after the component was unmounted. */
  readonly retain: Retain
  /** Says this as soon as, and as long as, it is the one to speak. */
  say(data: unknown): void
  /** Says something else, until there is something new to say. */
  readonly update: (data: unknown) => void
}

export function createSpeaker(source: SessionSource, topic: string): Speaker {
  const speaker: Speaker = {
    retain: lease(source, () => {
      const store = presenceStores.need(source, topic)
      const ends = [store.speak(speaker), store.retain(0)]
      return () => ends.forEach(end => end())
    }),
    say(data: unknown) {
      speaker.data = data
      presenceStores.find(source, topic)?.repeat()
    },
    update: data => presenceStores.find(source, topic)?.presence.update(data),
  }
  return speaker
}
