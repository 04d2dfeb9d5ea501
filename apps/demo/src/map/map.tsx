import type { Member } from '@earshot/core'
import { type ComponentType, memo, type ReactElement, useMemo, useRef } from 'react'
import type { Tab } from '../hub.ts'
import { sameReach } from '../tab/tab.ts'
import type { Wire } from '../wire/wire.ts'
import { GHOST, place, type Scene, type Spot, toTranslate } from './place.ts'
import { Head } from './head.tsx'
import { useDrawing } from './use-drawing.ts'

interface TabMapProps {
  members: readonly Member<Tab>[]
  self: string
  wire: Wire
  onPick: (user: string) => void
  /** What is drawn under them. */
  Uplink: ComponentType<Scene> | undefined
}

/** The tabs as they are now, and what moves between them. */
export function TabMap({ members, self, wire, onPick, Uplink }: TabMapProps): ReactElement {
  const stage = useRef<HTMLDivElement>(null)
  const spots = useMemo(() => place(members, self), [members, self])
  useDrawing(stage, { members, spots }, wire)
  return (
    <div className="map" data-testid="map" ref={stage} data-crowd={members.length > 7 || undefined}>
      <div className="waves" aria-hidden="true" />
      {Uplink && <Uplink members={members} spots={spots} />}
      {members.length === 1 && (
        <a className="node ghost" style={{ translate: toTranslate(GHOST) }} href={location.pathname + sameReach} target="_blank" rel="noreferrer">
          <span className="plus" aria-hidden="true">
            +
          </span>
          <span className="label">your second tab</span>
        </a>
      )}
      {members.map(member => (
        <Node
          key={member.id}
          member={member}
          isSelf={member.id === self}
          isOneOfMany={members.some(other => other !== member && other.userId === member.userId)}
          spot={spots.get(member.id) ?? GHOST}
          onPick={onPick}
        />
      ))}
    </div>
  )
}

interface NodeProps {
  member: Member<Tab>
  isSelf: boolean
  /** Whether its person has other tabs. */
  isOneOfMany: boolean
  spot: Spot
  onPick: (user: string) => void
}

/** One tab. Members and spots are the same objects until they change. */
const Node = memo(function Node({ member: { id, userId = '', data }, isSelf, isOneOfMany, spot, onPick }: NodeProps): ReactElement {
  return (
    <button
      type="button"
      className="node"
      data-testid="node"
      data-node={id}
      data-self={isSelf || undefined}
      data-going={data.going || undefined}
      style={{ translate: toTranslate(spot) }}
      title={`Send to ${userId} alone`}
      onClick={() => onPick(userId)}
    >
      <Head name={userId} color={data.color} leads={data.leads} />
      <span className="label">
        {userId}
        {(isSelf || isOneOfMany) && <small> {isSelf ? 'you' : id.slice(0, 6)}</small>}
      </span>
      {data.leads && <span className="sr">, leads</span>}
    </button>
  )
})
