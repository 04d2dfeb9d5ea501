import type { ReactElement } from 'react'
import { type Scene, type Spot, toTranslate } from './place.ts'
import './uplink.css'

/** Where the relay stands. */
const RELAY_SPOT: Spot = [91, 9]

/** Who speaks through whom: a thread from each tab to the one that has the socket, and the socket from there to the relay. */
export function Uplink({ members, spots }: Scene): ReactElement {
  return (
    <div className="uplink" data-testid="uplink" aria-hidden="true">
      <svg viewBox="0 0 100 100" preserveAspectRatio="none">
        {members.map(({ id, userId, data }) => {
          // Tabs of one person share a socket.
          const leader = members.find(member => member.userId === userId && member.data.leads)
          const from = spots.get(id)
          const to = data.leads ? RELAY_SPOT : leader && spots.get(leader.id)
          return from && to && <line key={id} data-of={id} className={data.leads ? 'socket' : 'thread'} data-testid={data.leads ? 'socket' : 'thread'} x1={from[0]} y1={from[1]} x2={to[0]} y2={to[1]} />
        })}
      </svg>
      <span className="relay-mark" style={{ translate: toTranslate(RELAY_SPOT) }}>
        relay
      </span>
    </div>
  )
}
