// What the cases do with their clients.
import { protocols } from './clients.mjs'

export const payload = 'x'.repeat(100)

export function again(library, relay, { secret, tag, record, epoch, offset, attach }, heard) {
  return protocols[library].open(relay.url, heard, { secret, tag, record, position: `${epoch}.${offset}`, attach: attach + 1 })
}

/** Waits until a message reaches everybody, since a subscription may be on its way. */
export async function settled(library, sockets, publisher, count, listeners) {
  for (;;) {
    count.reset()
    protocols[library].publish(publisher, payload, 1)
    const all = await Promise.race([count.reach(listeners).then(() => true), new Promise((resolve) => setTimeout(resolve, 200, false))])
    if (all) return count.reset()
  }
}

export function counter() {
  let total = 0
  let waiting
  return {
    heard: (count) => {
      total += count
      if (waiting && total >= waiting.goal) waiting.resolve()
    },
    total: () => total,
    reset() {
      total = 0
      waiting = undefined
    },
    reach: (goal) => (total >= goal ? Promise.resolve() : new Promise((resolve) => (waiting = { goal, resolve }))),
  }
}

/** The offsets of what one client hears. */
export function rowsOf() {
  const offsets = []
  return {
    offsets,
    heardWith: (heard) => (count, offsetsOf) => {
      offsets.push(...offsetsOf())
      heard(count)
    },
  }
}

export async function openAll(library, relay, count, heard = () => {}) {
  const sockets = []
  // Not all at once: the backlog of a listening socket is short.
  while (sockets.length < count) {
    const some = Math.min(100, count - sockets.length)
    sockets.push(...(await Promise.all(Array.from({ length: some }, () => protocols[library].open(relay.url, heard)))))
  }
  return sockets
}

export function closeAll(states) {
  for (const { socket } of states) socket.terminate()
}
