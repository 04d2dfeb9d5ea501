import { useMember, useMembers, usePublish, useSession, useSubscription, useTopic } from '@earshot/react'
import { type CSSProperties, type ReactElement, useRef } from 'react'
import type { Point, Stroke } from '../hub.ts'
import { usePointer } from './use-pointer.ts'

/** A sheet that all in the room draw on, and where they point at it. */
export function Canvas({ room, color }: { room: string; color: string }): ReactElement {
  const { id: self } = useSession()
  const sessions = useMembers(`rooms/${room}`, members => members.map(({ id }) => id))
  const { messages: strokes, publish: draw } = useTopic(`rooms/${room}/strokes`, { limit: 200, replay: 100 })
  const point = usePublish(`rooms/${room}/cursors`)
  const cursors = useRef<HTMLDivElement>(null)
  // Cursors move without a render.
  const move = (id: string, to: Point | null): void => {
    const cursor = cursors.current?.querySelector<HTMLElement>(`[data-cursor="${CSS.escape(id)}"]`)
    if (!cursor) return
    cursor.hidden = to === null
    if (to) cursor.style.translate = `${to[0] / 10}cqw ${to[1] / 10}cqh`
  }
  useSubscription(`rooms/${room}/cursors`, ({ from, data }) => move(from, data), { echo: false })
  const { events, drawn } = usePointer({
    onPoint: to => point(to, { volatile: true, echo: false }),
    onKeyPoint: to => move(self, to),
    onStroke: points => draw({ color, points }),
  })
  return (
    <div className="canvas">
      <h3>Canvas</h3>
      <div
        className="sheet"
        data-testid="sheet"
        role="application"
        aria-label="Shared canvas: drag to draw; arrow keys point, space leaves a mark"
        tabIndex={0}
        ref={cursors}
        {...events}
      >
        <svg viewBox="0 0 1000 1000" preserveAspectRatio="none" aria-hidden="true">
          {strokes.map(({ id, data }) => (
            <Line key={id} {...data} />
          ))}
          {drawn && <Line color={color} points={drawn} />}
        </svg>
        {sessions.map(id => (
          <Cursor key={id} room={room} id={id} isOwn={id === self} />
        ))}
        {strokes.length === 0 && !drawn && <p>Draw here. The others see your hand.</p>}
      </div>
    </div>
  )
}

/** The hand of one tab; it is rendered when that one changes, and no other. */
function Cursor({ room, id, isOwn }: { room: string; id: string; isOwn: boolean }): ReactElement {
  const { name, color } = useMember(`rooms/${room}`, id, ({ data }) => data) ?? {}
  return (
    <i hidden data-testid="cursor" data-cursor={id} style={{ '--color': color } as CSSProperties}>
      <svg viewBox="0 0 16 20" aria-hidden="true">
        <path d="M1 1l13 11H7.5L4 18.5z" />
      </svg>
      <span>{isOwn ? 'you' : name}</span>
    </i>
  )
}

function Line({ color, points }: Stroke): ReactElement {
  return <polyline data-testid="stroke" points={points.join(' ')} stroke={color} vectorEffect="non-scaling-stroke" />
}
