import type { Hub, Session } from '@earshot/core'
import { isAlone } from './is-alone.ts'
import { oneEach } from './one-each.ts'

/** As long as a tab holds a claim that has run. */
const TAKEN = 60_000

/** What has been claimed in pages that are alone. */
const claimedIn = oneEach<Hub, Set<string>>(() => new Set())

/** Runs `task` if it is the first to claim the id. A failure reaches the hub's `error` event. @throws `session-closed` */
export function claim(session: Session, id: string, task: () => unknown): void {
  const { hub } = session
  const outcome = isAlone(session) ? claimHere(hub, id, task) : session.claim(id, task)
  outcome.catch((error: unknown) => hub.report(error))
}

async function claimHere(hub: Hub, id: string, task: () => unknown): Promise<void> {
  const ids = claimedIn(hub)
  if (ids.has(id)) return
  ids.add(id)
  hub.clock.after(TAKEN, () => ids.delete(id))
  await task()
}
