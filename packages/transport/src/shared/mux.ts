import type { EarshotError, HubStatus } from '@earshot/core'
import { type LostFrame, type WelcomeFrame, writeJson } from '@earshot/core/protocol'
import type { SessionFrame, SessionNews, Wire, WireHost } from '../relay/wire.ts'
import { type DownItem, MAX_ITEMS, type UpLine, weightOf } from './posts.ts'

/** Digits that a session's index may have more on the connection than in its tab. */
export const INDEX_ROOM = 16

/** So much may be on its way to a tab, by weight: one that has not read more of it gets nothing more, and of what may be lost half as much. */
const MAX_UNREAD = 4_000_000
/** Twice as much each time that it begins anew, up to this: what it is told at the beginning may be more, and would end each. */
const MAX_RAISED = 16_000_000

/**
 * So many characters of what a tab said may wait for the socket, and as many for each of its sessions: more than one says when it begins anew, unless its outbox may
 * be larger. Of a tab with more nothing is taken any more; when no more than a quarter is left, it begins anew.
 */
const MAX_UNSENT = 2_000_000

/** A tab's session on the connection. */
interface Place {
  readonly port: Port
  /** Its index in its tab. */
  readonly s: number
}

/** A tab that uses the connection. */
interface Port {
  readonly node: string
  readonly join: number
  /** Index in the tab → index on the connection. */
  readonly places: Map<number, number>
  /** Frames that it has not been told yet. */
  items: DownItem[]
  /** Times that it was told frames. */
  told: number
  /** Weight of all that was put on its way, and what it has read of that. */
  sent: number
  read: number
  /** How much of it may be unread. */
  readonly limit: number
  /** Posts that came from it; -1: one is missing. */
  heard: number
  /** Characters that it said, of which some may not be sent yet. */
  unsent: number
  /** They are too many: it is to begin anew when there is room. */
  isFull: boolean
}

/** The one connection: it can be asked to try again at once. */
export interface MuxWire extends Wire {
  /** What is not sent yet. */
  readonly buffered: number
  say(frame: SessionFrame | LostFrame): void
  retry(): void
}

/** What a multiplexer tells its tab. */
export interface MuxHost {
  /** Another number for each connection of this tab, also when it leads again. */
  count(): number
  /** A frame for this tab's own sessions. */
  local(frame: SessionNews, size: number): void
  /** The `n`th frames for another tab. */
  down(node: string, join: number, n: number, items: readonly DownItem[]): void
  /** Everything that came at once was taken. */
  taken(): void
  /** The connection, or what there is to say of it, is another one. */
  changed(): void
  gaveUp(cause: EarshotError): void
  report(error: EarshotError): void
}

/**
 * The leader's part: brings the frames of all tabs onto one connection, and what the relay answers to the tabs that it is for.
 * It knows which index is whose, and nothing else.
 */
export class Mux {
  /** Names the connection; `''` while there is none. */
  life = ''
  welcome: WelcomeFrame | undefined
  status: HubStatus = { state: 'connecting' }
  readonly #node: string
  readonly #host: MuxHost
  readonly #wire: MuxWire
  readonly #ports = new Map<string, Port>()
  /** By index on the connection. */
  readonly #places = new Map<number, Place>()
  #next = 0
  /** Crashed while there was no connection. */
  #lostTabs: string[] = []

  /** @param node this tab */
  constructor(node: string, open: (host: WireHost) => MuxWire, host: MuxHost) {
    this.#node = node
    this.#host = host
    this.#wire = open({
      welcomed: welcome => this.#welcomed(welcome),
      take: (frame, size, line) => this.#take(frame, size, line),
      taken: () => this.#taken(),
      leaving: () => {},
      cut: () => this.#cut(),
      gaveUp: cause => host.gaveUp(cause),
      status: status => {
        this.status = status
        host.changed()
      },
      report: error => host.report(error),
    })
  }

  connect(): void {
    this.#wire.connect()
  }

  /** Tries now, if it waits to try again. */
  retry(): void {
    this.#wire.retry()
  }

  /**
   * A tab says something to the relay, in its `n`th post, or only says how many there were. A higher join is a new beginning: what it had before is forgotten here, as it
   * will attach anew.
   */
  up(node: string, join: number, n: number, lines: readonly UpLine[], read = 0): void {
    let port = this.#ports.get(node)
    if (port && join < port.join) return
    if (!port || join > port.join) {
      if (port) this.#forget(port)
      const limit = port ? Math.min(MAX_RAISED, port.limit * 2) : MAX_UNREAD
      port = { node, join, places: new Map(), items: [], told: 0, sent: 0, read: 0, heard: 0, limit, unsent: port?.unsent ?? 0, isFull: false }
      this.#ports.set(node, port)
    }
    port.read = Math.max(port.read, read)
    if (port.isFull) return
    if (n !== port.heard) return this.#lost(port)
    if (lines.length > 0) port.heard++
    // Who asks may wait for what was lost on the way to it.
    else this.#host.down(node, join, port.told, [])
    for (const [line, volatile] of lines) {
      this.#up(port, line, volatile)
      port.unsent += line.length
      port.isFull = this.#filling(port) > 1
      if (port.isFull) return
    }
  }

  /** A tab has gone. If it `crashed`, the relay does not know yet. */
  left(node: string, crashed: boolean): void {
    if (crashed && this.welcome) this.#wire.say({ t: 'lost', tab: node })
    else if (crashed) this.#lostTabs.push(node)
    const port = this.#ports.get(node)
    if (!port) return
    this.#forget(port)
    this.#ports.delete(node)
  }

  close(): void {
    this.#wire.close()
  }

  #up(port: Port, line: string, volatile: boolean): void {
    // The whole connection would be to blame for what is too large, or a frame in a frame.
    if (line.length > this.#wire.frameLimit - INDEX_ROOM || line.includes('\n')) return
    const [start = '', kind, index] = /^\{"t":"([a-z]+)","s":(\d+)/.exec(line) ?? []
    const own = Number(index)
    let s = port.places.get(own)
    if (kind === 'attach') {
      if (s !== undefined) this.#places.delete(s)
      s = this.#next++
      port.places.set(own, s)
      this.#places.set(s, { port, s: own })
    }
    // Either makes no sense, or was attached to a former connection.
    if (s === undefined) return
    this.#wire.write(`{"t":"${kind}","s":${s}${line.slice(start.length)}`, volatile)
    if (kind === 'detach') this.#free(port, own)
  }

  /** How much of what it may have unsent it has. That is a part of all that is not sent. */
  #filling(port: Port): number {
    return (port.unsent = Math.min(port.unsent, this.#wire.buffered)) / MAX_UNSENT / (port.places.size + 1)
  }

  /** Something was lost on the way from a tab, or too much is on the way to it. It begins anew when it misses something itself; until then its sessions stay as they are, and it is told again whenever it says something. */
  #lost(port: Port): void {
    port.isFull = false
    port.heard = -1
    port.items = []
    this.#host.down(port.node, port.join, port.told + 1, [])
  }

  #take(frame: SessionNews, size: number, line: string | undefined): void {
    const found = new Map<Port, number[]>()
    for (const index of typeof frame.s === 'number' ? [frame.s] : frame.s) {
      const place = this.#places.get(index)
      if (!place) continue
      const { port, s } = place
      const sessions = found.get(port)
      if (sessions) sessions.push(s)
      else found.set(port, [s])
      if (frame.t === 'detached') this.#free(port, s)
    }
    let text = line
    for (const [port, sessions] of found) {
      if (port.node === this.#node) this.#host.local(withIndexes(frame, sessions), size)
      else this.#put(port, [sessions, (text ??= writeJson(frame))], frame.t === 'message' && frame.m[6] === 0)
    }
  }

  #put(port: Port, item: DownItem, isVolatile: boolean): void {
    const unread = port.sent - port.read
    if (port.heard < 0 || (isVolatile && unread > port.limit / 2)) return
    if (unread > port.limit) return this.#lost(port)
    port.sent += weightOf(item)
    if (port.items.push(item) === MAX_ITEMS) this.#tell(port)
  }

  #tell(port: Port): void {
    const { node, join, items } = port
    if (items.length === 0) return
    port.items = []
    this.#host.down(node, join, port.told++, items)
  }

  #taken(): void {
    for (const port of this.#ports.values()) {
      if (port.isFull && this.#filling(port) < 0.25) this.#lost(port)
      this.#tell(port)
    }
    this.#host.taken()
  }

  #welcomed(welcome: WelcomeFrame): void {
    this.life = `${this.#node}.${this.#host.count()}`
    this.welcome = welcome
    for (const tab of this.#lostTabs.splice(0)) this.#wire.say({ t: 'lost', tab })
    this.#host.changed()
  }

  #cut(): void {
    this.life = ''
    this.welcome = undefined
    this.#ports.clear()
    this.#places.clear()
  }

  #free(port: Port, own: number): void {
    const s = port.places.get(own)
    port.places.delete(own)
    if (s !== undefined) this.#places.delete(s)
  }

  /** What it does not give back itself is given back for it: it may attach again. */
  #forget(port: Port): void {
    for (const s of port.places.values()) {
      this.#places.delete(s)
      this.#wire.say({ t: 'detach', s, reload: true })
    }
    port.places.clear()
  }
}

/** A frame as a tab knows it: with the indexes of its own sessions. */
export function withIndexes(frame: SessionNews, sessions: readonly number[]): SessionNews {
  if (frame.t === 'message' || frame.t === 'member' || frame.t === 'gone') return { ...frame, s: sessions }
  return { ...frame, s: sessions[0] ?? 0 }
}
