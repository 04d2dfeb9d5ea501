import { EarshotError } from '@earshot/core'

/** A larger frame would end the connection. @throws `payload-too-large` */
export function checkSize(what: string, size: number, { frameLimit }: { readonly frameLimit: number }, topic: string): void {
  if (size > frameLimit) throw new EarshotError('payload-too-large', `The ${what} on "${topic}" has ${size} characters: the relay takes ${frameLimit}; send a link to what is large`, { topic })
}

/** With more texts, or longer ones, no relay could read the frame: it would end the session. @throws `payload-too-large` */
export function checkTexts(texts: readonly string[]): void {
  if (texts.length > 1000 || texts.some(text => text.length > 4096)) throw new EarshotError('payload-too-large', 'The relay takes 1000 users or patterns, of 4096 characters')
}
