import { createHub, type Hub, type Transport } from '@earshot/core'
import type { Profile } from './me/profile.ts'

export type Theme = 'light' | 'dark' | 'system'

/** A place on a shared canvas, in thousandths of its width and height. */
export type Point = readonly [x: number, y: number]

/** A line that somebody drew. */
export interface Stroke {
  readonly color: string
  readonly points: readonly Point[]
}

/** What a tab says of messages that it has just heard. */
export interface Heard {
  /** The session that published them. */
  from: string
  /** The last of them. */
  id: string
  count: number
  /** Those that a full queue of the listener did not take. */
  dropped: number
  /** Of the slowest, in milliseconds. */
  latency: number
}

/** What is published where. */
interface Topics {
  'topics/**': string
  'rooms/*/chat': string
  'rooms/*/typing': boolean
  'rooms/*/cursors': Point | null
  'rooms/*/strokes': Stroke
  'settings/theme': Theme
  'bell/ring': { readonly id: string; readonly sound: boolean }
  /** By which tab: one. */
  'bell/rung': string
  burst: number
  'tabs/heard': Heard
  /** The moment of which a tab says that it will be its last. */
  'tabs/crash': number
  /** Whoever has the socket is asked to crash. */
  'tabs/end': null
  /** After so many milliseconds a tab was connected again. */
  'tabs/back': number
}

/** A tab, as it tells the others. */
export interface Tab extends Profile {
  room: string
  leads: boolean
  /** It is closing, reloading, or out of earshot for a while. */
  going: boolean
}

/** What a session says of itself. */
interface Members {
  people: Tab
  'rooms/*': Profile
}

declare module '@earshot/react' {
  interface Register {
    topics: Topics
    members: Members
  }
}

/** What joins this page with the others. */
export type DemoHub = Hub<Topics, Topics, Members>

/** One hub for the page, over whatever carries further. */
export function createDemoHub(transport: Transport): DemoHub {
  return createHub<Topics, Members>({ transport })
}
