import { EarshotError } from '@earshot/core'

/** What to say of a frame that would end the connection, since the relay takes no frame that is so large. */
export function tooLarge(what: string, size: number, { frameLimit }: { readonly frameLimit: number }, topic: string): EarshotError | undefined {
  if (size <= frameLimit) return undefined
  return new EarshotError('payload-too-large', `The ${what} on "${topic}" has ${size} characters: the relay takes ${frameLimit}; send a link to what is large`, { topic })
}

/** @throws `payload-too-large` */
export function checkSize(...frame: Parameters<typeof tooLarge>): void {
  const error = tooLarge(...frame)
  if (error) throw error
}

/** With more texts, or longer ones, no relay could read the frame: it would end the session. @throws `payload-too-large` */
export function checkTexts(texts: readonly string[]): void {
  if (texts.length > 1000 || texts.some(text => text.length > 4096)) throw new EarshotError('payload-too-large', 'The relay takes 1000 users or patterns, of 4096 characters')
}
