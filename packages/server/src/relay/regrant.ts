import { EarshotError } from '@earshot/core'
import type { Attachment } from './attachment.ts'
import { type Desk, isFailure, refusalOf } from './desk.ts'
import { subscribe, tellMissed, unsubscribe } from './granting.ts'

/** After a renewal: what a session may not do any more is taken away. It is asked for again in the turn of its frames, so that none slips through – once, whatever the number of tokens by then. */
export function regrant(desk: Desk, attachment: Attachment): void {
  const { grants, record } = attachment
  if (attachment.isRenewed) return
  attachment.isRenewed = true
  const mayBe = async (topic: string): Promise<void> => {
    if ((await attachment.connection.access.granted('presence', topic)).length === 0) throw new EarshotError('forbidden', `presence on "${topic}" is not allowed any more`)
  }
  record.lane.run(async () => {
    attachment.isRenewed = false
    for (const [pattern, { start }] of [...grants.entries()]) {
      const ask = async (): Promise<void> => {
        const begun = await subscribe(desk, attachment, pattern, start)
        if (begun?.isLate) tellMissed(desk, attachment, begun.patterns)
      }
      await again(desk, attachment, 'subscribe', pattern, ask, () => unsubscribe(desk, attachment, pattern))
    }
    for (const topic of [...(attachment.watched ?? [])]) await again(desk, attachment, 'watch', topic, () => mayBe(topic), () => desk.presences.unwatch(attachment, topic))
    for (const topic of [...(record.present?.keys() ?? [])]) await again(desk, attachment, 'presence', topic, () => mayBe(topic), () => desk.presences.leave(record, topic))
  })
}

async function again(desk: Desk, attachment: Attachment, what: string, topic: string, ask: () => Promise<unknown>, take: () => void): Promise<void> {
  if (!attachment.isBound) return
  try {
    await ask()
  } catch (error) {
    if (isFailure(error)) return desk.postpone(attachment, what, topic, error)
    const refusal = refusalOf(desk, error)
    if (!attachment.isBound) return
    take()
    attachment.connection.say({ t: 'refused', s: attachment.s, what, topic, ...refusal })
  }
}
