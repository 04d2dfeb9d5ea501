import { createHub, type Gap, type Hub, isEarshotError, type Message, type Presence, type Session, type SharedState, type StorageLike, type Subscription, type Transport } from '@earshot/core'
import type { TestTab } from '@earshot/core/testing'
import type { TestDevice, TestNetwork } from '@earshot/server/testing'
import { sharedWebSocket, webSocket } from '@earshot/transport'
import type { Engine, Limits } from '../../src/index.ts'
import type { EarFacts, MembershipFacts, PageFacts, Spoken, VoiceFacts } from './facts.ts'
import type { Schedule } from './schedule.ts'

/** A topic that holds a value. */
export const STATE = 'state'

/** Counts everything that happens: moments compare, whatever the clock says. */
export interface Moments {
  next(): number
}

/** One subscription of a page. */
export interface Ear extends EarFacts {
  readonly subscription: Subscription
  last: Message | undefined
}

/** One session of a page. */
export interface Voice extends VoiceFacts {
  readonly page: Page
  readonly session: Session
  readonly room: Presence
  readonly ears: Ear[]
  published: number
  /** What it says as a member of the room, if it is one. */
  said: number | undefined
  membership: MembershipFacts | undefined
  /** A value that all share, if it has ever looked. */
  state: SharedState | undefined
}

/** A page load, and what it holds. */
export interface Page extends PageFacts {
  readonly tab: TestTab
  readonly device: TestDevice
  readonly hub: Hub
  readonly voices: Voice[]
  /** What the tab's storage holds, as it was written. */
  readonly stored: Map<string, string>
  /** The same, as it was some time ago. */
  older: Map<string, string> | undefined
}

/** What pages run in; a test may make it worse than it is. */
export interface Habitat {
  /** The surroundings of a page's transport. */
  readonly envOf?: (env: TestTab['env']) => TestTab['env']
  /** What is put around the transport. */
  readonly transportOf?: (transport: Transport) => Transport
  /** A log in the place of the relay's. */
  readonly engineOf?: (engine: Engine) => Engine
  readonly limits?: Partial<Limits>
}

/** How a page is started. */
export interface PageOptions extends Habitat {
  readonly name: string
  readonly user: string
  readonly tab: TestTab
  readonly network: TestNetwork
  readonly moments: Moments
  /** Messages that it keeps while it waits. */
  readonly outbox: number
  readonly sockets: Schedule['sockets']
  /** What the tab's storage holds. */
  readonly stored?: Map<string, string> | undefined
}

/** Starts the app in a tab. */
export function startPage({ name, user, tab, network, moments, outbox, sockets, stored = new Map(), envOf = env => env, transportOf = transport => transport }: PageOptions): Page {
  const device = network.device(name)
  const { clock, random, locks, page, BroadcastChannel, ...env } = envOf(tab.env)
  const sessionStorage = recorded(env.sessionStorage, stored)
  const errors: PageFacts['errors'][number][] = []
  const gaps: PageFacts['gaps'][number][] = []
  const connected: PageFacts['connected'][number][] = []
  const options = { url: network.url, WebSocket: device.WebSocket, token: user, outbox: { messages: outbox }, clock, random, locks, page, sessionStorage }
  const transport = sockets === 'own' ? webSocket(options) : sharedWebSocket({ ...options, BroadcastChannel, user })
  const hub = createHub({
    transport: transportOf(transport),
    clock: tab.env.clock,
    random,
    onError: error => void errors.push({ at: moments.next(), code: error.code, text: error.message }),
  })
  const attempts: PageFacts['attempts'][number][] = []
  hub.on('status', ({ state }) => {
    const now = { at: moments.next(), time: network.clock.now() }
    if (state === 'connected') connected.push(now)
    else if (state === 'connecting') attempts.push(now)
  })
  hub.on('gap', ({ topics }) => gaps.push({ at: moments.next(), topics }))
  const born = { at: moments.next(), time: network.clock.now() }
  return { name, user, tab, device, hub, stored, born, gaps, errors, connected, attempts, disturbed: 0, hasTwin: false, older: undefined, voices: [], endedAt: undefined, successor: undefined }
}

/** Opens a session. */
export function openVoice(page: Page): Voice {
  const session = page.hub.openSession({ userId: page.user })
  const name = `${page.name}.${page.voices.length}`
  const voice: Voice = { name, page, session, closedAt: undefined, bornAs: session.id, id: () => session.id, room: session.presence('room'), ears: [], published: 0, said: undefined, membership: undefined, state: undefined }
  page.voices.push(voice)
  return voice
}

/** Listens; `past` is how many of the last messages it begins with, or after which one. */
export function listen(voice: Voice, pattern: string, moments: Moments, past?: number | Message): Ear {
  const heard: Ear['heard'] = []
  const gaps: Ear['gaps'][number][] = []
  const began = moments.next()
  const options = past === undefined ? {} : typeof past === 'number' ? { replay: past } : { since: past, onGap: ({ topics }: Gap) => gaps.push({ at: moments.next(), topics }) }
  const hear = (message: Message): void => {
    const { topic, offset, userId } = message
    if (topic === STATE) return
    heard.push({ key: nameOf(message), topic, offset, userId, at: moments.next() })
    if (offset) ear.last = message
  }
  const all = { own: true, ...options }
  const subscription = pattern === '' ? voice.session.onBroadcast(hear, all) : voice.session.subscribe(pattern, hear, all)
  const asked = past === undefined ? undefined : typeof past === 'number' ? { replay: past } : { since: nameOf(past) }
  const ear: Ear = { voice, pattern, past: asked, subscription, began, readyAt: undefined, endedAt: undefined, heard, gaps, last: undefined }
  voice.ears.push(ear)
  void subscription.ready.then(() => (ear.readyAt = moments.next()))
  return ear
}

export function say(voice: Voice, topic: string, { bulk = '', ...options }: { volatile: boolean; echo: boolean; to?: readonly string[]; bulk?: string }, network: TestNetwork, moments: Moments): Spoken {
  const number = ++voice.published
  const { clock } = network
  const spoken: Spoken = { by: voice, topic, number, said: moments.next(), saidTime: clock.now(), kept: !options.volatile, echo: options.echo, to: options.to, outcome: undefined }
  const data = { by: voice.name, number, ...(bulk !== '' && { bulk }) }
  void (topic === '' ? voice.session.broadcast(data, options) : voice.session.publish(topic, data, options)).then(
    ({ offset }) => (spoken.outcome = { at: moments.next(), time: clock.now(), offset }),
    (error: unknown) => (spoken.outcome = { at: moments.next(), time: clock.now(), code: isEarshotError(error) ? error.code : String(error) }),
  )
  return spoken
}

function nameOf({ data }: Message): string {
  const { by, number } = data as { by: string; number: number }
  return `${by}:${number}`
}

/** Writes down what a page stores: a browser that crashes may bring back an older state of it. */
function recorded(storage: StorageLike | null, stored: Map<string, string>): StorageLike | null {
  return (
    storage && {
      getItem: key => storage.getItem(key),
      setItem(key, value) {
        storage.setItem(key, value)
        stored.set(key, value)
      },
      removeItem(key) {
        storage.removeItem(key)
        stored.delete(key)
      },
    }
  )
}
