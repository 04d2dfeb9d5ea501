import { lease, type Retain } from './lease.ts'
import type { Voice } from './presence-store.ts'
import type { SessionSource } from './session-source.ts'
import { storesOf } from './stores.ts'

/** A component that enters. */
export interface Speaker extends Voice {
  data: unknown
  /** Enters, and leaves 300 ms after the component was unmounted. */
  readonly retain: Retain
  /** Says this as soon as, and as long as, it is the one to speak. */
  say(data: unknown): void
}

export function createSpeaker(source: SessionSource, topic: string): Speaker {
  const speaker: Speaker = {
    data: undefined,
    retain: lease(source.hub, () => storesOf(source.session).presences.open(topic).speak(speaker)),
    say(data: unknown) {
      speaker.data = data
      storesOf(source.session).presences.get(topic)?.repeat()
    },
  }
  return speaker
}
