import { Leadership } from '../../../transport/src/page/leadership.ts'
import { RelayLink } from '../../../transport/src/relay/relay-link.ts'
import { Following } from '../../../transport/src/shared/following.ts'
import type { Post } from '../../../transport/src/shared/posts.ts'
import { Records } from '../../src/relay/records.ts'
import type { SessionRecord } from '../../src/relay/records.ts'
import { addressAll } from './log-faults.ts'
import type { Habitat } from './page.ts'
import { type Fault, onUp, patched } from './planting.ts'
import { holdAttaches, ignoreAttachNumbers } from './session-faults.ts'
import type { World } from './world.ts'

type Env = Parameters<NonNullable<Habitat['envOf']>>[0]

const ROOM = ['enter', 'reload', 'leave', 'join', 'wait', 'publish', 'wait'] as const
const CRASHES = ['enter', 'enter', 'join', 'crash', 'wait', 'publish'] as const
/** Nothing is in the way: then who is there is known at once. */
const EASY = { engine: 'memory', authorize: 'nobody', rate: 'wide', room: 'wide', lost: 0 } as const

/** Faults in how the tabs of a browser share a socket, by the number of the finding that they come from. */
export const SHARED_FAULTS: readonly (readonly [item: number, fault: Fault])[] = [
  [8, { name: 'attach numbers are not looked at', plant: ignoreAttachNumbers, acts: ['cut', 'wait', 'hang', 'wake', 'freeze', 'publish', 'look', 'release'], weather: holdAttaches }],
  [11, { name: 'a page that freezes keeps the lead, and its request for it', plant: keepLead }],
  [11, { name: 'the lead is asked for by a timer', habitat: { envOf: withLateLead } }],
  [13, { name: 'tabs of different users share a socket, and speak as who leads', habitat: { envOf: forAnyUser }, plant: speakAsLeader }],
  [13, { name: 'tabs of different users share a socket', habitat: { envOf: forAnyUser } }],
  [13, { name: 'what one tab overdoes counts for all', plant: countTogether, acts: ['publish', 'publish', 'join', 'wait'], around: { rate: 'narrow', engine: 'memory', authorize: 'nobody' } }],
  [14, { name: 'a good-bye between tabs is not heard', plant: world => world.browser.intercept(({ data }) => (typeOf(data) === 'bye' ? 'drop' : 'deliver')), acts: ROOM, around: EASY }],
  [14, { name: 'a good-bye that the lock overtakes is not waited for', habitat: { envOf: withoutDelay }, acts: ROOM, around: EASY }],
  [14, { name: 'the relay is not told who has crashed', plant: world => onUp(world, 'lost', () => undefined), acts: CRASHES, around: EASY }],
  [15, { name: 'who hands over says good-bye for all', plant: detachAll, acts: ROOM, around: EASY }],
  [15, { name: 'a new leader does not know who led before', plant: () => patched(Following.prototype, 'end', end => function (this: Following) {
    end.call(this)
    this.former = ''
  }), acts: CRASHES, around: EASY }],
  [18, { name: 'a message names no sessions, and all tabs hear it', plant: addressAll, acts: ['publish', 'serve', 'listen', 'listen', 'cut', 'wait'], around: { room: 'narrow' } }],
  [18, { name: 'a page is for all tabs', plant: pageAll, acts: ['publish', 'serve', 'listen', 'listen', 'cut', 'wait'] }],
  [18, { name: 'what a tab posts has no number, and is not missed', plant: loseSilently }],
  [19, { name: 'nobody reports how far it has read', plant: world => onUp(world, 'cursor', () => undefined), around: { bulk: 12_000 } }],
]

function typeOf(data: unknown): string {
  return (data as Post).t
}

/** A post without this number: one that is lost leaves no hole. */
function loseSilently(world: World): () => void {
  const { random } = world.network
  return patched(Following.prototype, 'send', send => function (this: Following, lines) {
    if (random() >= 0.04) send.call(this, lines)
  })
}

/** It lets go of both only when it is closed. */
function keepLead(): () => void {
  const { leave } = Leadership.prototype
  const undo = [
    patched(Leadership.prototype, 'leave', () => () => {}),
    patched(Leadership.prototype, 'close', close => function (this: Leadership) {
      leave.call(this)
      close.call(this)
    }),
  ]
  return () => undo.reverse().forEach(each => each())
}

/** Names tell nobody's tabs apart: for all users of a browser they are the same. */
function forAnyUser(env: Env): Env {
  const { locks, BroadcastChannel } = env
  if (!locks || !BroadcastChannel) throw new Error('tabs cannot share a socket here')
  const nameOf = (name: string): string => name.replace(/"(ada|bob|cem)"\]/, '"anyone"]')
  return {
    ...env,
    locks: { request: (name, options, task) => locks.request(nameOf(name), options, task), query: () => locks.query() },
    BroadcastChannel: class extends BroadcastChannel {
      constructor(name: string) {
        super(nameOf(name))
      }
    },
  }
}

/** Whose the sessions are that attach through it, a leader does not say. */
function speakAsLeader(world: World): () => void {
  return onUp(world, 'attach', (frame, device) => ({ ...frame, user: world.pages.find(page => page.device === device)?.user ?? null }))
}

function withLateLead(env: Env): Env {
  const { locks, clock } = env
  if (!locks) throw new Error('there are no locks here')
  const later = (): Promise<void> => new Promise(resolve => clock.after(1000, () => resolve()))
  return { ...env, locks: { request: (name, options, task) => (name.endsWith(':leader') ? later().then(() => locks.request(name, options, task)) : locks.request(name, options, task)), query: () => locks.query() } }
}

function withoutDelay(env: Env): Env {
  const { clock } = env
  return { ...env, clock: { now: () => clock.now(), after: (delay, task) => clock.after(delay === 100 ? 0 : delay, task) } }
}

/** All sessions of a user have one rate. */
function countTogether(): () => void {
  const rates = new WeakMap<Records, Map<string | null, SessionRecord['publishes']>>()
  return patched(Records.prototype, 'create', create => function (this: Records, ...args) {
    const record = create.apply(this, args)
    const known = rates.get(this) ?? new Map<string | null, SessionRecord['publishes']>()
    rates.set(this, known)
    const publishes = known.get(record.userId) ?? record.publishes
    known.set(record.userId, publishes)
    return Object.assign(record, { publishes })
  })
}

function detachAll(): () => void {
  const attached = new WeakMap<RelayLink, Set<string>>()
  const undo = [
    patched(RelayLink.prototype, 'write', write => function (this: RelayLink, line, volatile) {
      const [, kind, s] = /^\{"t":"([a-z]+)","s":(\d+)/.exec(line) ?? []
      const all = attached.get(this) ?? new Set()
      attached.set(this, all)
      if (kind === 'attach' && s !== undefined) all.add(s)
      write.call(this, line, volatile)
    }),
    patched(RelayLink.prototype, 'close', close => function (this: RelayLink) {
      for (const s of attached.get(this) ?? []) this.write(`{"t":"detach","s":${s},"reload":false}`)
      close.call(this)
    }),
  ]
  return () => undo.reverse().forEach(each => each())
}

function pageAll({ network }: World): void {
  const sessions = new Map<string, Set<number>>()
  network.filter({
    down(frame, { name }) {
      const all = sessions.get(name) ?? new Set()
      sessions.set(name, all)
      if (frame.t === 'welcome') all.clear()
      if (frame.t === 'attached') all.add(frame.s)
      return frame.t === 'page' ? [...new Set([frame.s, ...all])].map(s => ({ ...frame, s })) : frame
    },
  })
}
