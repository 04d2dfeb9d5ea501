import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Member, type PresenceEvent, Roster } from '@earshot/core'

type Change = { kind: 'put'; id: string; clock: number } | { kind: 'remove'; id: string; clock: number }

const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom('put' as const, 'remove' as const),
  id: fc.constantFrom('s1', 's2', 's3'),
  clock: fc.integer({ min: 1, max: 12 }),
})

function member(id: string, clock: number): Member {
  return { id, userId: id === 's3' ? undefined : 'ada', data: `${id} at ${clock}`, since: 0, clock }
}

function apply(roster: Roster, { kind, id, clock }: Change): PresenceEvent | undefined {
  return kind === 'put' ? roster.put(member(id, clock)) : roster.remove(id, clock)
}

function content(roster: Roster): Member[] {
  return [...roster.members].sort((one, other) => (one.id < other.id ? -1 : 1))
}

/** Whoever's newest entry is later than its newest departure is here. */
function expectedContent(changes: readonly Change[]): Member[] {
  const newest = (kind: string, id: string): number => Math.max(0, ...changes.filter(each => each.kind === kind && each.id === id).map(each => each.clock))
  return ['s1', 's2', 's3'].filter(id => newest('put', id) > newest('remove', id)).map(id => member(id, newest('put', id)))
}

describe('Roster', () => {
  it('has the same members at last in whatever order changes come, and however often', () => {
    const script = fc.array(change, { maxLength: 25 }).chain(changes =>
      fc.tuple(
        fc.constant(changes),
        fc.shuffledSubarray(changes, { minLength: changes.length, maxLength: changes.length }),
        fc.array(fc.nat(Math.max(0, changes.length - 1)), { maxLength: 10 }),
      ),
    )
    fc.assert(
      fc.property(script, ([changes, shuffled, repeats]) => {
        const roster = new Roster()
        for (const each of shuffled) apply(roster, each)
        for (const index of repeats) {
          const repeated = changes[index]
          if (repeated) expect(apply(roster, repeated)).toBeUndefined()
        }
        expect(content(roster)).toEqual(expectedContent(changes))
      }),
      { numRuns: 1000 },
    )
  })

  it('tells in events exactly what changed, and keeps its snapshots otherwise', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), changes => {
        const roster = new Roster()
        const told = new Map<string, Member>()
        for (const each of changes) {
          const [members, users] = [roster.members, roster.byUser()]
          const event = apply(roster, each)
          if (!event) {
            expect(roster.members).toBe(members)
            expect(roster.byUser()).toBe(users)
            continue
          }
          expect(event.type).toBe(each.kind === 'remove' ? 'leave' : told.has(each.id) ? 'update' : 'enter')
          expect(roster.members).not.toBe(members)
          expect(roster.byUser()).not.toBe(users)
          if (event.type === 'leave') told.delete(event.member.id)
          else told.set(event.member.id, event.member)
          expect([...told.values()]).toEqual(roster.members)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('does not take back a session after a late message, but after a newer one', () => {
    const roster = new Roster()
    roster.put(member('s1', 5))
    roster.remove('s1', 6)
    expect(roster.put(member('s1', 6))).toBeUndefined()
    expect(roster.members).toEqual([])
    expect(roster.put(member('s1', 7))).toEqual({ type: 'enter', member: member('s1', 7) })
  })

  it('knows of a departure that came before the entry', () => {
    const roster = new Roster()
    expect(roster.remove('s1', 3)).toBeUndefined()
    expect(roster.put(member('s1', 2))).toBeUndefined()
    expect(roster.members).toEqual([])
  })

  it('folds the sessions of one user, and keeps those without a user apart', () => {
    const roster = new Roster()
    for (const id of ['s1', 's2', 's3']) roster.put(member(id, 1))
    expect([...roster.byUser()].map(([key, members]) => [key, members.map(({ id }) => id)])).toEqual([
      ['ada', ['s1', 's2']],
      ['s3', ['s3']],
    ])
    roster.remove('s1', 2)
    expect(roster.byUser().get('ada')).toEqual([member('s2', 1)])
    roster.remove('s2', 2)
    expect([...roster.byUser().keys()]).toEqual(['s3'])
  })

  it('remembers a bounded number of departures', () => {
    const roster = new Roster()
    for (let i = 0; i < 2000; i++) roster.remove(`gone ${i}`, 5)
    expect(roster.put(member('gone 1999', 5))).toBeUndefined()
    expect(roster.put(member('gone 0', 5))?.type).toBe('enter')
  })
})
