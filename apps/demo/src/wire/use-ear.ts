import type { Message } from '@earshot/core'
import { type AppSession, useSession } from '@earshot/react'
import { useEffect, useLayoutEffect } from 'react'
import type { Heard } from '../hub.ts'
import { duration, since } from './latency.ts'
import type { Wire } from './wire.ts'

/** Messages that wait for the slow reader of a burst. */
const CAPACITY = 100

/** Listens to all that this tab is told, and tells the others what it has heard. */
export function useEar(wire: Wire): void {
  const session = useSession()
  // Before it enters, so that it is no news to the session before it.
  useLayoutEffect(() => void wire.own.add(session.id), [session, wire])
  useEffect(() => {
    const answer = createAnswers(session, wire)
    const ended = new AbortController()
    const options = { own: true, signal: ended.signal }
    const heard = (message: Message): void => {
      const { id, from, topic, userId = '', data, time } = message
      const latency = since(time)
      wire.tell({ type: 'heard', id, from, who: userId, where: topic, text: worded(data), time, latency })
      answer({ from, id, count: 1, dropped: 0, latency })
    }
    session.onBroadcast(heard, options)
    session.subscribe(['topics/**', 'rooms/*/chat', 'settings/theme', 'bell/ring'], heard, options)
    session.subscribe(['rooms/*/typing', 'rooms/*/cursors'], ({ from }) => wire.tell({ type: 'murmur', from }), options)
    session.subscribe('tabs/heard', ({ from, data }) => wire.tell({ type: 'reached', by: from, ...data }), options)
    session.subscribe('bell/rung', ({ from }) => wire.tell({ type: 'rung', by: from }), options)
    const crashes = tellComings(session, wire, ended.signal)
    session.subscribe('tabs/crash', ({ from, data }) => crashes.set(from, data), options)
    void readBursts(session, wire, answer, ended.signal)
    const { hub } = session
    const trouble = [
      hub.on('error', ({ code, reason }) => wire.tell({ type: 'trouble', text: `${code}: ${reason}` })),
      hub.on('gap', () => wire.tell({ type: 'trouble', text: 'Messages were lost beyond recovery' })),
    ]
    return () => {
      ended.abort()
      for (const end of trouble) end()
    }
  }, [session, wire])
}

function worded(data: unknown): string {
  return typeof data === 'string' ? data : JSON.stringify(data)
}

/** Reads what is published a thousand at a time, over a queue that is too short for it. */
async function readBursts(session: AppSession, wire: Wire, answer: (heard: Heard) => void, signal: AbortSignal): Promise<void> {
  let dropped = 0
  let count = 0
  const stream = session.stream('burst', { capacity: CAPACITY, overflow: 'drop-oldest', signal, onDrop: () => dropped++ })
  for await (const { id, from, userId = '', time } of stream) {
    count++
    if (stream.size > 0) continue
    const text = `read ${count}, dropped ${dropped}: a queue of ${CAPACITY} that keeps the newest`
    const latency = since(time)
    wire.tell({ type: 'heard', id, from, who: userId, where: 'burst', text, time, latency })
    answer({ from, id, count, dropped, latency })
    count = dropped = 0
  }
}

/** Tells who comes and goes; gives the crashes to come: session → its last moment. */
function tellComings(session: AppSession, wire: Wire, signal: AbortSignal): Map<string, number> {
  const crashes = new Map<string, number>()
  const presence = session.presence('people')
  signal.addEventListener('abort', () => presence.close())
  void presence.ready.then(() => {
    presence.subscribe(({ type, member: { id, userId: who = '', data } }) => {
      if (id === session.id || wire.own.has(id) || type === 'update') return
      const last = crashes.get(id)
      crashes.delete(id)
      if (type === 'enter') wire.tell({ type: 'came', id, who, text: 'is here' })
      else if (last === undefined) wire.tell({ type: 'left', id, who, text: data.going ? 'left' : 'is gone', sudden: false })
      else wire.tell({ type: 'left', id, who, text: `crashed: known ${duration(since(last))} later`, sudden: true })
    })
  })
  return crashes
}

/** Tells what was heard: once a turn for each that was listened to, however much it was. */
function createAnswers(session: AppSession, wire: Wire): (heard: Heard) => void {
  const due = new Map<string, Heard>()
  const flush = (): void => {
    for (const heard of due.values()) {
      wire.tell({ type: 'reached', by: session.id, ...heard })
      if (heard.from !== session.id && !session.closed) session.publish('tabs/heard', heard, { volatile: true, echo: false })
    }
    due.clear()
  }
  return heard => {
    const { count = 0, dropped = 0, latency = 0 } = due.get(heard.from) ?? {}
    if (due.size === 0) queueMicrotask(flush)
    due.set(heard.from, {
      ...heard,
      count: count + heard.count,
      dropped: dropped + heard.dropped,
      latency: Math.max(latency, heard.latency),
    })
  }
}
