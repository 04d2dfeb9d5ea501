import { CLOSE } from '@earshot/core/protocol'
import { Connection } from '../../src/relay/connection.ts'
import { Presences } from '../../src/relay/presences.ts'
import { Numbering, Records } from '../../src/relay/records.ts'
import type { Engine } from '../../src/index.ts'
import { type Habitat, STATE } from './page.ts'
import { BySession, type Fault, onDown, onUp, patched } from './planting.ts'
import type { World } from './world.ts'

const ROOM = ['enter', 'quit', 'reload', 'wait', 'publish', 'wait'] as const

/** Faults in who a session is, what becomes of what it says, and who is there, by the number of the finding that they come from. */
export const SESSION_FAULTS: readonly (readonly [item: number, fault: Fault])[] = [
  [4, { name: 'a session that was forgotten counts as resumed', plant: world => onDown(world, 'attached', frame => ({ ...frame, resumed: true })), acts: ['publish', 'publish', 'cut', 'restart', 'wait'], around: { latency: 40 } }],
  [4, { name: 'a record that the tab never heard of counts as resumed', plant: presumeRecords, acts: ['publish', 'publish', 'cut', 'restart', 'wait'], around: { latency: 40, rate: 'wide', kept: 1000, topics: 1000 }, weather: loseAnswers }],
  [5, { name: 'a number is not settled: what is sent again is said again', plant: () => patched(Numbering.prototype, 'settle', () => () => {}) }],
  [5, { name: 'a refusal that was lost comes again as an ack', plant: () => patched(Numbering.prototype, 'outcomeOf', outcomeOf => function (this: Numbering, clock) {
    const outcome = outcomeOf.call(this, clock)
    return outcome && 'code' in outcome ? { offset: 1 } : outcome
  }), acts: ['publish', 'publish', 'cut', 'wait'], around: { latency: 40, rate: 'narrow' } }],
  [5, { name: 'a refused number stalls those behind it', plant: stallAfterRefusal }],
  [5, { name: 'numbers belong to the session, not to the document', plant: numberBySession }],
  [8, { name: 'attach numbers are not looked at', plant: ignoreAttachNumbers, acts: ['cut', 'wait', 'freeze', 'wake', 'publish', 'release'], weather: holdAttaches }],
  [12, { name: 'a client has no timer', habitat: { envOf: env => ({ ...env, clock: { now: () => env.clock.now(), after: (delay, task) => (delay === 2000 ? () => {} : env.clock.after(delay, task)) } }) } }],
  [14, { name: 'a reload is taken for a close', plant: world => onUp(world, 'detach', frame => ({ ...frame, reload: false })), acts: ROOM }],
  [14, { name: 'a close is taken for a reload', plant: world => {
    onUp(world, 'detach', frame => ({ ...frame, reload: true }))
    onUp(world, 'presence', frame => (frame.here ? frame : undefined))
  }, acts: ['enter', 'leave', 'join', 'wait', 'publish'] }],
  [15, { name: 'who is cut off has left', habitat: { limits: { grace: 1 } }, acts: ['enter', 'cut', 'wait', 'publish'] }],
  [15, { name: 'a relay that has just begun does not say that its rosters are young', plant: world => onDown(world, 'roster', frame => ({ ...frame, young: false })), acts: ['enter', 'enter', 'restart', 'wait', 'wait'], around: { latency: 40, engine: 'memory', authorize: 'nobody', rate: 'wide', room: 'wide' } }],
  [16, { name: 'a page that is loaded anew counts its presence from one', plant: countByDocument, acts: ROOM }],
  [16, { name: 'who has left is not let in again', plant: buryForEver, acts: ROOM }],
  [20, { name: 'an id is kept where no lock tells a duplicate', habitat: { envOf: env => ({ ...env, locks: { request: async (_name, _options, task) => task({}), query: async () => ({}) } }) }, acts: ['publish', 'duplicate', 'wait', 'cut', 'listen'] }],
  [22, { name: 'a value is evicted with the history around it', plant: world => onUp(world, 'publish', frame => ({ ...frame, retain: false })), acts: ['set', 'publish', 'join', 'wait'], around: { topics: 2 } }],
  [22, { name: 'values go by their counters, not by the log', habitat: { transportOf: withoutOffsets }, acts: ['set', 'publish', 'wait', 'join', 'cut', 'hold', 'release'] }],
  [22, { name: 'a write with a lower counter loses at the relay', habitat: { engineOf: lowerLoses }, acts: ['set', 'publish', 'wait', 'quiet', 'join'] }],
  [25, { name: 'clients are back at once after a close on purpose', plant: () => patched(Connection.prototype, 'close', close => function (this: Connection, code, bye) {
    close.call(this, code === CLOSE.restart ? CLOSE.timeout : code, { ...bye, spread: 0 })
  }), acts: ['restart', 'wait', 'publish', 'quiet'] }],
]

function presumeRecords(world: World): () => void {
  const names = new Map<string, string>()
  onUp(world, 'attach', frame => {
    const record = names.get(frame.session) ?? frame.record
    return { ...frame, ...(record !== undefined && { record }) }
  })
  return patched(Records.prototype, 'create', create => function (this: Records, ...args) {
    const record = create.apply(this, args)
    names.set(record.id, record.name)
    return record
  })
}

/** Every other answer to an attach is lost with its connection, and all that comes behind it. */
function loseAnswers({ network }: World): void {
  let count = 0
  const lost = new Set<string>()
  network.filter({
    down(frame, device) {
      if (frame.t === 'welcome') lost.delete(device.name)
      if (frame.t === 'attached' && device.name !== 'p0' && ++count % 2 === 0) {
        lost.add(device.name)
        device.cut()
      }
      return lost.has(device.name) ? undefined : frame
    },
  })
}

/** What follows every other welcome is long under way. */
export function holdAttaches(world: World): void {
  let count = 0
  onDown(world, 'welcome', (frame, device) => {
    if (device.name !== 'p0' && ++count % 2 === 0) device.connections.at(-1)?.hold('up')
    return frame
  })
}

function stallAfterRefusal(world: World): void {
  const stalled = new BySession<boolean>()
  onDown(world, 'refused', (frame, device) => {
    if (frame.what === 'publish') stalled.set(device, frame.s, true)
    return frame
  })
  onUp(world, 'publish', (frame, device) => (stalled.get(device, frame.s) && !frame.volatile ? undefined : frame))
}

function numberBySession(world: World): void {
  const tags = new BySession<string>()
  onUp(world, 'attach', (frame, device) => {
    tags.set(device, frame.s, frame.tag)
    return { ...frame, tag: 'one', tags: [] }
  })
  onUp(world, 'publish', frame => ({ ...frame, tag: 'one' }))
  onDown(world, 'ack', (frame, device) => ({ ...frame, tag: tags.get(device, frame.s) ?? frame.tag }))
  onDown(world, 'refused', (frame, device) => ({ ...frame, ...(frame.tag !== undefined && { tag: tags.get(device, frame.s) ?? frame.tag }) }))
}

export function ignoreAttachNumbers(world: World): void {
  let count = 1_000_000
  const numbers = new Map<number, number>()
  onUp(world, 'attach', frame => {
    numbers.set(++count, frame.attach)
    return { ...frame, attach: count }
  })
  onDown(world, 'attached', frame => ({ ...frame, attach: numbers.get(frame.attach) ?? frame.attach }))
}

/** What a document says counts from one, and the higher count wins. */
function countByDocument(): () => void {
  const counts = new Map<string, number>()
  const highest = new Map<string, number>()
  return patched(Presences.prototype, 'said', said => function (this: Presences, record, frame, size) {
    const count = (counts.get(`${record.id} ${record.tag}`) ?? 0) + 1
    counts.set(`${record.id} ${record.tag}`, count)
    if (count <= (highest.get(record.id) ?? 0)) return record.unsaid?.delete(frame.topic), undefined
    highest.set(record.id, count)
    said.call(this, record, frame, size)
  })
}

function buryForEver(): () => void {
  const buried = new Set<string>()
  const undo = [
    patched(Presences.prototype, 'leave', leave => function (this: Presences, record, topic) {
      buried.add(record.id)
      leave.call(this, record, topic)
    }),
    patched(Presences.prototype, 'said', said => function (this: Presences, record, frame, size) {
      if (!buried.has(record.id)) said.call(this, record, frame, size)
    }),
  ]
  return () => undo.forEach(each => each())
}

function withoutOffsets(transport: Parameters<NonNullable<Habitat['transportOf']>>[0]): typeof transport {
  return {
    connect(link) {
      const deliver: typeof link.deliver = ({ offset, epoch, ...message }, ...rest) => link.deliver(message.topic === STATE ? message : { ...message, ...(offset !== undefined && { offset }), ...(epoch !== undefined && { epoch }) }, ...rest)
      return transport.connect({ ...link, deliver })
    },
  }
}

/** The greatest counter wins: what comes later with a lower one says again what was. */
function lowerLoses(engine: Engine): Engine {
  const { append } = engine
  let last: { readonly clock: number; readonly data: unknown } | undefined
  return Object.assign(engine, {
    append(publication: Parameters<Engine['append']>[0]) {
      if (publication.retain && last && last.clock > publication.clock) return append.call(engine, { ...publication, data: last.data })
      if (publication.retain) last = publication
      return append.call(engine, publication)
    },
  })
}
