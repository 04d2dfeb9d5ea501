// How often components subscribe while React mounts, hides and remounts them, and what is left when they are gone.
import { StrictMode, Suspense } from 'react'
import { createRoot } from 'react-dom/client'
import { libraries } from './readers.jsx'

/** Shows readers under StrictMode, remounts and hides all of them so many times, and takes them away. */
export async function remounts(library, place, readers, times) {
  const subscriptions = { opened: 0, open: 0 }
  countObjects('BroadcastChannel', subscriptions, library !== 'earshot')
  countObjects('WebSocket', subscriptions, true)
  const { Around, Reader } = libraries[library](place, (transport) => countInterest(transport, subscriptions))
  const root = createRoot(document.body.appendChild(document.createElement('div')))
  const show = async (life, isHidden) => {
    root.render(
      <StrictMode>
        <Around>
          <Suspense fallback="later">
            {isHidden && <Never />}
            {Array.from({ length: readers }, (_, index) => (
              <Reader key={`${life} ${index}`} />
            ))}
          </Suspense>
        </Around>
      </StrictMode>,
    )
    await pause(30)
  }
  for (let life = 0; life <= times; life++) await show(life, false)
  for (let time = 0; time < times; time++) {
    await show(times, true)
    await show(times, false)
  }
  root.unmount()
  await pause(1000)
  return { opened: subscriptions.opened, left: subscriptions.open }
}

const never = new Promise(() => {})

function Never() {
  throw never
}

/** A socket or a channel is a subscription, where a library makes one for each. */
function countObjects(name, subscriptions, isCounted) {
  if (!isCounted) return
  const Native = globalThis[name]
  globalThis[name] = class extends Native {
    constructor(...args) {
      super(...args)
      subscriptions.opened++
      subscriptions.open++
    }

    close(...args) {
      if (!this.isOver) subscriptions.open--
      this.isOver = true
      super.close(...args)
    }
  }
}

/** Ours is a session's interest in a topic: what its siblings are told. */
function countInterest(transport, subscriptions) {
  return {
    connect(link) {
      const connection = transport.connect(link)
      const interest = connection.interest.bind(connection)
      connection.interest = (session, pattern, on) => {
        subscriptions.opened += on ? 1 : 0
        subscriptions.open += on ? 1 : -1
        interest(session, pattern, on)
      }
      return connection
    },
  }
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
