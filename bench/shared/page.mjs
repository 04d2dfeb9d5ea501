// A tab that shares its socket with the others, hears a steady stream, and knows when it was without.
import { createHub } from '@earshot/core'
import { sharedWebSocket } from '@earshot/transport'

const statuses = []
const heard = []
const goings = []
const channel = new BroadcastChannel('goings')
channel.onmessage = ({ data }) => goings.push(data)
addEventListener('pagehide', () => channel.postMessage(Date.now()), true)
let hub
let check = () => {}

globalThis.tab = {
  async open(url) {
    hub = createHub({ transport: sharedWebSocket({ url, user: null }) })
    hub.on('status', ({ state }) => statuses.push([state, Date.now()]))
    await hub.openSession().subscribe('stream', () => {
      heard.push(Date.now())
      check()
    }).ready
  },
  leads: () => hub.status.via === 'leader' && hub.status.state === 'connected',
  goings: () => goings.length,
  /** When a tab said that it goes, after so many others. */
  async going(known) {
    while (goings.length <= known) await new Promise((resolve) => channel.addEventListener('message', resolve, { once: true }))
    return goings[known]
  },
  /** Milliseconds from a moment until the first delivery over a connection that was made after it. */
  served(moment) {
    return new Promise((resolve) => {
      check = () => {
        const cut = statuses.findIndex(([state, at]) => at >= moment && state !== 'connected')
        const made = cut < 0 ? undefined : statuses.slice(cut).find(([state]) => state === 'connected')
        const first = made && heard.find((at) => at >= made[1])
        if (first) resolve(first - moment)
      }
      check()
    })
  },
}
