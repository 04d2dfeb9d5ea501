const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_'

declare const crypto: { getRandomValues(bytes: Uint8Array): Uint8Array } | undefined

/** A number in [0, 1) from the platform's `crypto` where there is one: `Math.random` repeats in some copied processes. */
export function systemRandom(): number {
  if (typeof crypto === 'undefined') return Math.random()
  return crypto.getRandomValues(new Uint8Array(6)).reduce((sum, byte) => (sum + byte) / 256, 0)
}

/** A random name of `length` URL-safe signs: 6 bits each, so the default has 132. */
export function randomId(random: () => number, length = 22): string {
  let id = ''
  while (id.length < length) id += ALPHABET[Math.floor(random() * 64)]
  return id
}
