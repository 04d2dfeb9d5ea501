import { ApiError } from './api-error.ts'

/** What a request asks for, by name: taken field by field, so that nothing unknown is overlooked. */
export class Fields {
  readonly #values: Map<string, unknown>

  constructor(values: Iterable<readonly [string, unknown]>) {
    this.#values = new Map(values)
  }

  text(name: string): string {
    const value = this.#take(name)
    if (typeof value !== 'string') throw unfit(name, 'a string')
    return value
  }

  maybeText(name: string): string | undefined {
    return this.#values.has(name) ? this.text(name) : undefined
  }

  maybeFlag(name: string): boolean | undefined {
    const value = this.#take(name)
    if (value !== undefined && typeof value !== 'boolean') throw unfit(name, 'true or false')
    return value
  }

  /** A whole number: as such, or as the digits of a query. */
  maybeCount(name: string): number | undefined {
    const value = this.#take(name)
    if (value === undefined) return undefined
    const count = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value
    if (!Number.isSafeInteger(count) || Number(count) < 0) throw unfit(name, 'a whole number, 0 or more')
    return Number(count)
  }

  /** User ids: one, or a list of them. */
  maybeUsers(name: string): readonly string[] | undefined {
    const value = this.#take(name)
    if (value === undefined) return undefined
    const users: unknown[] = [value].flat()
    if (users.length === 0 || !users.every(user => typeof user === 'string' && user !== '')) throw unfit(name, 'a user id or a list of them')
    return users as string[]
  }

  /** Anything that JSON can say. */
  data(name: string): unknown {
    if (!this.#values.has(name)) throw unfit(name, 'there: null says "nothing"')
    return this.#take(name)
  }

  /** Everything was taken that may be there. @throws `invalid-data` naming what else is there */
  end(): void {
    const [name] = this.#values.keys()
    if (name !== undefined) throw new ApiError('invalid-data', `"${name.slice(0, 40)}" is nothing that is asked for here`)
  }

  #take(name: string): unknown {
    const value = this.#values.get(name)
    this.#values.delete(name)
    return value
  }
}

function unfit(name: string, allowed: string): ApiError {
  return new ApiError('invalid-data', `"${name}" must be ${allowed}`)
}
