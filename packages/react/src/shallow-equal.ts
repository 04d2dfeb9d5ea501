/** Whether two values are the same, or arrays or plain objects with the same entries. */
export function shallowEqual(one: unknown, other: unknown, isSame: (one: unknown, other: unknown) => boolean = Object.is): boolean {
  if (!isPlain(one) || !isPlain(other)) return Object.is(one, other)
  const keys = Object.keys(one)
  return sameKind(one, other) && keys.length === Object.keys(other).length && keys.every(key => key in other && isSame(one[key], other[key]))
}

/** Whether two values say the same, however deep; dates, maps, sets and bytes are told apart by what they hold. */
export function sameData(one: unknown, other: unknown): boolean {
  return sameKind(one, other) && shallowEqual(heldBy(one), heldBy(other), sameData)
}

/** What a value holds, as a number, an array or a plain object. */
function heldBy(value: unknown): unknown {
  if (value instanceof Date) return +value
  if (value instanceof Map || value instanceof Set) return [...value]
  // Instances and typed arrays, too; a blob and the like have nothing to show.
  return /(Object|Array)]$/.test({}.toString.call(value)) ? Object.assign({}, value) : value
}

function sameKind(one: unknown, other: unknown): boolean {
  return Object(one).constructor === Object(other).constructor
}

/** Maps, dates and the like have no entries to tell them apart. */
function isPlain(value: unknown): value is Record<string, unknown> {
  return [Object, Array].includes(value && Object(value).constructor)
}
