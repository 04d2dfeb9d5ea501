// Runs in each tab: the same work over each library, called by name from outside.
import { createHub } from '@earshot/core'
import { broadcastChannel } from '@earshot/transport'
import { createRoot } from 'react-dom/client'
import { countFrames, counts, frame, holdFrames, reset, runFrames } from './counts.mjs'
import { crowds } from './crowd.jsx'
import { remounts } from './remounts.jsx'
import { libraries } from './readers.jsx'

let root
let stopFrames
let crowd
let send

globalThis.tab = {
  /** Shows so many readers, and one listener. */
  async read(library, place, readers) {
    const { Around, Reader, Listener } = libraries[library](place)
    root = createRoot(document.body.appendChild(document.createElement('div')))
    root.render(
      <Around>
        {Array.from({ length: readers }, (_, index) => (
          <Reader key={index} />
        ))}
        <Listener />
      </Around>,
    )
    await rest()
  },

  begin() {
    if (document.hidden) throw new Error('A hidden page has no frames to measure')
    reset()
    stopFrames = countFrames()
  },

  /** Waits until nothing new was heard for a while. */
  async end() {
    stopFrames()
    const { renders, commits, frames, wait } = counts
    for (let before = -1; before < counts.heard.size; await pause(300)) before = counts.heard.size
    const heard = counts.heard.size
    counts.heard.clear() // it is no memory of the library's
    return { renders, commits, frames, wait, heard }
  },

  /** Makes ready to send as the library does. */
  async prepare(library, { channel }) {
    if (library === 'earshot') {
      const session = createHub({ transport: broadcastChannel({ name: channel }) }).openSession()
      await session.ready
      send = (data) => void session.publish('numbers', data)
    } else {
      const own = new BroadcastChannel(channel)
      send = (data) => own.postMessage(data)
    }
  },

  /** Sends so many messages, evenly, at so many a second. */
  async send(count, rate) {
    const start = performance.now()
    for (let n = 0; n < count; await pause(5)) {
      for (const due = Math.min(count, ((performance.now() - start) / 1000) * rate); n < due; n++) send({ n, x: 512.5, y: 384.25, text: 'one line of a chat' })
    }
  },

  /** Shows one component for each of so many members of a roster of `size`. */
  async gather(library, size, components) {
    crowd = crowds[library](size)
    const { Around, One } = crowd
    root = createRoot(document.body.appendChild(document.createElement('div')))
    root.render(
      <Around>
        {Array.from({ length: components }, (_, index) => (
          <One key={index} index={index} />
        ))}
      </Around>,
    )
    await rest()
  },

  /** Changes a member that is shown so many times; gives renders for each change, the microseconds until React knows of it, and those of them in the frame. */
  async change(times) {
    holdFrames()
    reset()
    const known = []
    const selection = []
    for (let n = 1; n <= times; n++) {
      const start = performance.now()
      crowd.change(0, n)
      const heard = performance.now()
      runFrames()
      const end = performance.now()
      known.push((end - start) * 1000)
      selection.push((end - heard) * 1000)
      const { commits } = counts
      for (let turn = 0; turn < 100 && counts.commits === commits; turn++) await nextTask()
    }
    if (!document.body.textContent.includes(times) && counts.renders > 0) throw new Error(`The last of ${times} changes is not shown`)
    return { renders: counts.renders / times, known: leastDisturbed(known), selection: leastDisturbed(selection) }
  },

  remounts,
}

/** The least of the medians of stretches of ten: the machine may have something else to do. */
function leastDisturbed(times) {
  const medians = []
  for (let at = 0; at < times.length; at += 10) {
    const stretch = times.slice(at, at + 10).sort((one, other) => one - other)
    medians.push(stretch[stretch.length >> 1])
  }
  return Math.min(...medians)
}

/** Lets effects run, and what they begin. */
async function rest() {
  await nextFrame()
  await pause(200)
}

function nextFrame() {
  return new Promise((resolve) => frame(() => setTimeout(resolve)))
}

/** Without the milliseconds that a timer waits: what was just done is still in the processor's caches. */
function nextTask() {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(0)
  })
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
