import { formatPosition, parsePosition } from '@earshot/core/protocol'
import type { TestDevice } from '@earshot/server/testing'
import type { Engine, LossRequest } from '../../src/index.ts'
import { Access } from '../../src/relay/access.ts'
import { Attachment } from '../../src/relay/attachment.ts'
import { FanOut } from '../../src/relay/fan-out.ts'
import { Lane } from '../../src/relay/lane.ts'
import type { Habitat } from './page.ts'
import { BySession, type Fault, onDown, onUp, patched } from './planting.ts'
import type { World } from './world.ts'

/** Clients that read slowly, listen to more and more, and are cut off. */
const BEHIND = { acts: ['publish', 'publish', 'serve', 'listen', 'listen', 'wait'], around: { room: 'narrow', latency: 40, page: 1, rate: 'wide' } } as const

/** Faults in what of the log a session hears, by the number of the finding that they come from. */
export const LOG_FAULTS: readonly (readonly [item: number, fault: Fault])[] = [
  [1, { name: 'an ack moves the cursor', plant: world => moveCursor(world, seen => onDown(world, 'ack', (frame, device) => (seen.set(device, frame.s, frame.offset), frame))), ...BEHIND }],
  [1, { name: 'subscribed moves the cursor', plant: world => moveCursor(world, seen => onDown(world, 'subscribed', (frame, device) => (seen.set(device, frame.s, frame.offset), frame))), ...BEHIND }],
  [1, { name: 'a ping tells the head, which moves the cursor', plant: moveAllCursors, acts: ['publish', 'serve', 'listen', 'cut', 'quiet', 'wait'], around: { engine: 'slow', page: 1, latency: 0 } }],
  [2, { name: 'a session that is behind hears live messages', plant: hearBehind, acts: ['publish', 'publish', 'listen', 'cut', 'wait'], around: { room: 'narrow', page: 1 } }],
  [2, { name: 'subscriptions have no start', plant: world => onDown(world, 'subscribed', frame => ({ ...frame, offset: 0 })) }],
  [2, { name: 'what a subscription asks of the past moves the cursor', plant: world => moveCursor(world, seen => onDown(world, 'past', (frame, device) => (seen.set(device, frame.s, frame.m.at(-1)?.[6] ?? 0), frame))), acts: ['publish', 'publish', 'listen', 'cut', 'wait'], around: { engine: 'slow', page: 1, room: 'wide', kept: 1000, topics: 1000 } }],
  [2, { name: 'what a subscription asks of the past is heard by all', habitat: { transportOf: tellAll }, acts: ['publish', 'serve', 'listen', 'listen', 'wait'] }],
  [6, { name: 'a gap is not told', plant: world => onDown(world, 'gap', () => undefined) }],
  [7, { name: 'a gap is decided once', plant: decideGapsOnce, acts: ['publish', 'serve', 'listen', 'cut', 'wait'], around: { room: 'narrow', kept: 3, page: 1 } }],
  [7, { name: 'topics that the log has forgotten leave no floor', habitat: { engineOf: withoutFloor } }],
  [7, { name: 'a position names no life of the log', plant: world => onUp(world, 'attach', frame => ({ ...frame, ...withEpoch(frame.position, world.network.relay.engine.epoch) })) }],
  [9, { name: 'frames do not wait for the answer to the one before', plant: () => patched(Lane.prototype, 'run', () => task => void task()) }],
  [10, { name: 'own messages are heard at once', habitat: { transportOf: heardAtOnce } }],
  [18, { name: 'a message names no sessions, and all of its connection hear it', plant: addressAll, acts: ['publish', 'serve', 'listen', 'listen', 'cut', 'wait'], around: { room: 'narrow' } }],
  [21, { name: 'a session is caught up before the answers for all its patterns are there', plant: () => patched(Attachment.prototype, 'grant', grant => function (this: Attachment, pattern, granted) {
    grant.call(this, pattern, granted)
    if (this.state === 'restoring') this.state = 'behind'
  }), acts: ['publish', 'serve', 'listen', 'cut', 'hold', 'release', 'wait'] }],
  [21, { name: 'a pattern is listened to before the answer is there', plant: () => patched(Access.prototype, 'granted', () => (_action, topic) => [topic]) }],
]

/** The cursor goes on with something that is no position: what is not beyond it is old, and is not asked for again. */
function moveCursor(world: World, watch: (seen: BySession<number>) => void): void {
  const seen = new BySession<number>()
  const isNew = (offset: number, device: TestDevice, s: number): boolean => offset === 0 || offset > (seen.get(device, s) ?? 0)
  watch(seen)
  onDown(world, 'message', (frame, device) => {
    const s = frame.s.filter(each => isNew(frame.m[6], device, each))
    return s.length > 0 ? { ...frame, s } : undefined
  })
  onDown(world, 'page', (frame, device) => ({ ...frame, m: frame.m.filter(message => isNew(message[6], device, frame.s)) }))
  onUp(world, 'attach', (frame, device) => ({ ...frame, ...forward(frame.position, seen.get(device, frame.s) ?? 0) }))
}

function moveAllCursors(world: World): void {
  moveCursor(world, seen =>
    onDown(world, 'ping', (frame, device) => {
      for (let s = 0; s < 3; s++) seen.set(device, s, world.network.relay.engine.head)
      return frame
    }),
  )
}

function forward(position: string | undefined, offset: number): { position?: string } {
  const at = position === undefined ? undefined : parsePosition(position)
  return at ? { position: formatPosition({ ...at, offset: Math.max(at.offset, offset) }) } : {}
}

function withEpoch(position: string | undefined, epoch: string): { position?: string } {
  const at = position === undefined ? undefined : parsePosition(position)
  return at ? { position: formatPosition({ ...at, epoch }) } : {}
}

function hearBehind(): () => void {
  const attachments = new Set<Attachment>()
  const undo = [
    patched(FanOut.prototype, 'add', add => function (this: FanOut, attachment, patterns) {
      attachments.add(attachment)
      add.call(this, attachment, patterns)
    }),
    patched(FanOut.prototype, 'appended', appended => function (this: FanOut, entry) {
      const behind = [...attachments].filter(each => each.isBound && each.state === 'behind' && each.wants(entry))
      appended.call(this, entry)
      for (const { connection, s } of behind) connection.write(`{"t":"message","s":[${s}],"m":${entry.text}}`)
    }),
  ]
  return () => undo.forEach(each => each())
}

function tellAll(transport: Parameters<NonNullable<Habitat['transportOf']>>[0]): typeof transport {
  return {
    connect(link) {
      const connection = transport.connect(link)
      const history = connection.history?.bind(connection)
      return Object.assign(connection, history && {
        history: async (...asked: Parameters<typeof history>) => {
          const answer = await history(...asked)
          for (const message of answer.messages) link.deliver(message)
          return answer
        },
      })
    },
  }
}

function decideGapsOnce(world: World): void {
  const paged = new BySession<boolean>()
  onDown(world, 'attached', (frame, device) => {
    paged.set(device, frame.s, false)
    return frame
  })
  onDown(world, 'page', (frame, device) => {
    paged.set(device, frame.s, true)
    return frame
  })
  onDown(world, 'gap', (frame, device) => (paged.get(device, frame.s) ? undefined : frame))
}

/** It remembers what it evicted of the topics that it knows, and nothing of others. */
function withoutFloor(engine: Engine): Engine {
  const known = new Set<string>()
  const { connect, lost } = engine
  return Object.assign(engine, {
    connect: (...[appended, ...others]: Parameters<Engine['connect']>) =>
      connect.call(engine, entry => {
        // The two topics that were used last are those that it knows.
        known.delete(entry.topic)
        known.add(entry.topic)
        if (known.size > 2) known.delete([...known][0] ?? '')
        appended(entry)
      }, ...others),
    lost: async (request: LossRequest) => (await lost.call(engine, request)).filter(([topic]) => known.has(topic)),
  })
}

function heardAtOnce(transport: Parameters<NonNullable<Habitat['transportOf']>>[0]): typeof transport {
  return {
    connect(link) {
      const deliver: typeof link.deliver = (...delivery) => {
        if (!delivery[0].key.endsWith(`.${link.tag}`)) link.deliver(...delivery)
      }
      return Object.defineProperty(transport.connect({ ...link, deliver }), 'ordered', { value: false })
    },
  }
}

export function addressAll(world: World): void {
  const sessions = new Map<string, Set<number>>()
  const of = (name: string): Set<number> => sessions.get(name) ?? sessions.set(name, new Set()).get(name) ?? new Set()
  onDown(world, 'attached', (frame, { name }) => (of(name).add(frame.s), frame))
  onDown(world, 'message', (frame, { name }) => ({ ...frame, s: [...new Set([...frame.s, ...of(name)])] }))
}
