import { type Clock, EarshotError } from '@earshot/core'

/** An answer that has to come within `limit` milliseconds: later it rejects with `timeout`, naming who did not answer. */
export function within<T>(answer: Promise<T>, who: string, limit: number, clock: Clock): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(limit, () => reject(new EarshotError('timeout', `${who} did not answer within ${limit} ms`)))
    answer.then(resolve, reject).finally(cancel)
  })
}
