import { PatternIndex } from '@earshot/core'
import type { LogEntry } from '../engine/engine.ts'
import type { Attachment } from './attachment.ts'
import type { Connection } from './connection.ts'
import type { Limits } from './limits.ts'

/** Brings entries to the sessions that listen. A message is encoded once, whoever hears it. */
export class FanOut {
  readonly #index = new PatternIndex<Set<Attachment>>()
  readonly #limits: Limits
  delivered = 0
  /** Volatile messages that a slow consumer did not get. */
  skipped = 0

  constructor(limits: Limits) {
    this.#limits = limits
  }

  add(attachment: Attachment, patterns: readonly string[]): void {
    for (const pattern of patterns) {
      const listeners = this.#index.get(pattern)
      if (listeners) listeners.add(attachment)
      else this.#index.set(pattern, new Set([attachment]))
    }
  }

  /** Takes the attachment off these patterns, but for those that it has by another grant. */
  remove(attachment: Attachment, patterns: readonly string[]): void {
    for (const pattern of patterns) {
      const listeners = this.#index.get(pattern)
      if (attachment.isGranted(pattern) || !listeners?.delete(attachment)) continue
      if (listeners.size === 0) this.#index.delete(pattern)
    }
  }

  /** Sessions that listen to a topic. */
  count(topic: string): number {
    return this.#listeners(topic).size
  }

  /** An entry was appended: those that are live hear it now, those that have no room left are behind from here on. */
  appended(entry: LogEntry): void {
    this.#send(entry, attachment => {
      if (attachment.state !== 'live') return false
      if (!attachment.hasRoom(this.#limits)) {
        attachment.state = 'behind'
        attachment.sent = Math.max(attachment.sent, entry.offset - 1)
        return false
      }
      attachment.put(entry.offset, entry.text.length)
      return true
    })
  }

  /** A volatile message: heard now, or never. */
  passed(entry: LogEntry): void {
    this.#send(entry, attachment => {
      const hasRoom = attachment.state === 'live' && attachment.hasRoom(this.#limits)
      if (!hasRoom) this.skipped++
      return hasRoom
    })
  }

  #send(entry: LogEntry, takes: (attachment: Attachment) => boolean): void {
    // Most connections have one session, and are told the same.
    const lines: string[] = []
    const lineOf = (s: number): string => (lines[s] ??= `{"t":"message","s":[${s}],"m":${entry.text}}`)
    let shared: Attachment[] | undefined
    for (const attachment of this.#listeners(entry.topic)) {
      if (!attachment.mayHear(entry) || !takes(attachment)) continue
      this.delivered++
      if (attachment.connection.sessions === 1) attachment.connection.write(lineOf(attachment.s))
      else (shared ??= []).push(attachment)
    }
    if (!shared) return
    for (const [connection, s] of toIndexes(shared)) connection.write(s.length === 1 ? lineOf(s[0] as number) : `{"t":"message","s":[${s.join()}],"m":${entry.text}}`)
  }

  #listeners(topic: string): ReadonlySet<Attachment> {
    let found: Set<Attachment> | undefined
    let own = false
    this.#index.match(topic, listeners => {
      if (!found) found = listeners
      else {
        if (!own) found = new Set(found)
        own = true
        for (const attachment of listeners) found.add(attachment)
      }
    })
    return found ?? new Set()
  }
}

/** By connection, the indexes of its sessions. */
export function toIndexes(attachments: Iterable<Attachment>): Map<Connection, number[]> {
  const indexes = new Map<Connection, number[]>()
  for (const { connection, s } of attachments) {
    const known = indexes.get(connection)
    if (known) known.push(s)
    else indexes.set(connection, [s])
  }
  return indexes
}
