declare const crypto: { getRandomValues(numbers: Uint32Array): Uint32Array } | undefined

/** A number in [0, 1) from the platform's `crypto` where there is one: `Math.random` repeats in some copied processes. */
export function systemRandom(): number {
  return typeof crypto === 'undefined' ? Math.random() : (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32
}

/** A random name of `length` digits and small letters: 5.17 bits each, so the default has 134. */
export function randomId(random: () => number, length = 26): string {
  let id = ''
  while (id.length < length) id += Math.floor(random() * 36).toString(36)
  return id
}
