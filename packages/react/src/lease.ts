import type { Cancel, Clock } from '@earshot/core'

/** How long a thing outlives its last user, in milliseconds. StrictMode, Suspense, `<Activity>` and a change of route let go and take again. */
const GRACE = 300

/** Adds a user; the result, which is for calling once, takes it away again. */
export type Retain = (grace?: number) => Cancel

/**
 * Starts a thing for its first user, and ends it when the last one has been gone for a while. Afterwards it may start anew, unless its owner
 * has ended.
 */
export function lease(owner: { readonly hub: { readonly clock: Clock }; readonly ended?: boolean }, start: () => Cancel): Retain {
  let users = 0
  let end: Cancel | undefined
  let stay: Cancel | undefined
  return (grace = GRACE) => {
    if (owner.ended) return () => {}
    end ??= start()
    stay?.()
    users++
    return () => {
      if (--users) return
      stay = owner.hub.clock.after(grace, () => {
        end?.()
        end = undefined
      })
    }
  }
}
