import type { Hub } from '@earshot/core'

/** Whether the hub is the page and nothing beyond: then there is nobody to agree with. */
export function isAlone({ capabilities }: Pick<Hub, 'capabilities'>): boolean {
  return capabilities.transport === 'none given'
}
