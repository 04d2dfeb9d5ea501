// What a page counts: renders, commits, frames, the longest time between two of these, and which messages were heard.
export const counts = { renders: 0, commits: 0, frames: 0, wait: 0, heard: new Set() }

export function reset() {
  Object.assign(counts, { renders: 0, commits: 0, frames: 0, wait: 0 })
  counts.heard.clear()
}

/** For components, while they render. */
export function rendered() {
  counts.renders++
}

let isCounted = false

/** For layout effects: those of one commit count once. */
export function committed() {
  if (isCounted) return
  isCounted = true
  counts.commits++
  queueMicrotask(() => {
    isCounted = false
  })
}

/** Counts frames until the result is called. */
export function countFrames() {
  let going = true
  let last = performance.now()
  const next = () => {
    const now = performance.now()
    counts.wait = Math.max(counts.wait, now - last)
    last = now
    counts.frames++
    if (going) frame(next)
  }
  frame(next)
  return () => {
    going = false
  }
}

/** The page's own frames: what is done in them is not counted. */
export const frame = globalThis.requestAnimationFrame.bind(globalThis)

let held

/** From now on what wants a frame waits for `runFrames`, so that its cost can be told from the browser's. */
export function holdFrames() {
  held = []
  globalThis.requestAnimationFrame = (callback) => held.push(callback)
}

export function runFrames() {
  const due = held
  held = []
  for (const callback of due) callback(performance.now())
}
