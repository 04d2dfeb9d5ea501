import { isEarshotError, type Receipt } from '@earshot/core'
import type { Wire } from './wire.ts'

/** Publishes, and tells of it first: what is heard of it comes after. Gives why it was refused, or nothing. */
export function say(wire: Wire, where: string, text: string, publish: () => Receipt): string {
  const key = wire.next()
  const refused = (error: unknown): string => {
    if (!isEarshotError(error)) throw error
    const why = `${where} is refused: ${error.code}, ${error.reason}`
    wire.tell({ type: 'refused', key, text: why })
    return why
  }
  wire.tell({ type: 'sent', key, where, text })
  try {
    publish().then(({ id }) => wire.tell({ type: 'accepted', key, id }), refused)
    return ''
  } catch (error) {
    return refused(error)
  }
}
