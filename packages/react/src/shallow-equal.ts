/** Whether two values are the same, or arrays or plain objects with the same entries. */
export function shallowEqual(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true
  if (!isPlain(one) || !isPlain(other)) return false
  const keys = Object.keys(one)
  return keys.length === Object.keys(other).length && keys.every(key => key in other && Object.is(one[key], other[key]))
}

/** Maps, dates and the like have no entries to tell them apart. */
function isPlain(value: unknown): value is Record<string, unknown> {
  return [Object, Array].includes(value && Object(value).constructor)
}
