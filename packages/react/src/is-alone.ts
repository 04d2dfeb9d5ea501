import { EarshotError, type Session } from '@earshot/core'

/**
 * Whether the session's hub is the page and nothing beyond: then there is nobody to agree with.
 * @throws `session-closed`
 */
export function isAlone({ hub, closed }: Pick<Session, 'hub' | 'closed'>): boolean {
  if (closed) throw new EarshotError('session-closed', 'closed', { name: 'session' })
  return hub.capabilities.transport === 'none given'
}
