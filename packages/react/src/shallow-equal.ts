/** Whether two values are the same, or arrays or plain objects with the same entries. */
export function shallowEqual(one: unknown, other: unknown, isSame: (one: unknown, other: unknown) => boolean = Object.is): boolean {
  if (!isPlain(one) || !isPlain(other)) return Object.is(one, other)
  const keys = Object.keys(one)
  return keys.length === Object.keys(other).length && keys.every(key => key in other && isSame(one[key], other[key]))
}

/** Maps, dates and the like have no entries to tell them apart. */
function isPlain(value: unknown): value is Record<string, unknown> {
  return [Object, Array].includes(value && Object(value).constructor)
}
