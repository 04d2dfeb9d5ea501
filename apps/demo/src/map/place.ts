import type { Member } from '@earshot/core'
import type { Tab } from '../hub.ts'

/** A spot on the map, in hundredths of its width and height. */
export type Spot = readonly [x: number, y: number]

/** Who stands where. */
export interface Scene {
  readonly members: readonly Member<Tab>[]
  readonly spots: ReadonlyMap<string, Spot>
}

const CENTRE: Spot = [50, 50]
/** Above, seen from the centre, in turns. */
const FIRST = -0.06

/** Where the next tab would stand, seen by one that is alone. */
export const GHOST: Spot = around(0, 1)

/** Where tabs stand: this one in the centre, the others around it, those of one person side by side. */
export function place(members: readonly Member<Tab>[], self: string): ReadonlyMap<string, Spot> {
  const others = members
    .filter(({ id }) => id !== self)
    .sort((one, other) => compare(one.userId ?? '', other.userId ?? '') || one.since - other.since || compare(one.id, other.id))
  return new Map([[self, CENTRE], ...others.map(({ id }, index): [string, Spot] => [id, around(index, others.length)])])
}

function around(index: number, count: number): Spot {
  const angle = 2 * Math.PI * (FIRST + index / count)
  // Many stand in two circles.
  const reach = count > 8 && index % 2 === 1 ? 0.62 : 1
  return [CENTRE[0] + 38 * reach * Math.cos(angle), CENTRE[1] + 36 * reach * Math.sin(angle)]
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other)
}

/** The map is a size container: its hundredths are units of CSS. */
export function toTranslate([x, y]: Spot): string {
  return `${x}cqw ${y}cqh`
}
