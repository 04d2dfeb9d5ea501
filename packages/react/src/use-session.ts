import { useSource } from './earshot-provider.ts'
import type { AppSession } from './register.ts'

/**
 * The session of the nearest provider, which opens it now if no hook has needed it yet.
 * @throws `invalid-options` without a provider
 */
export function useSession(): AppSession {
  return useSource().session
}
