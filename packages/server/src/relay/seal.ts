import { createHmac, timingSafeEqual } from 'node:crypto'
import { EarshotError } from '@earshot/core'

/** Characters of a secret, at least. */
const MIN_SECRET = 16

/** Signs names of records, so that another life of the relay with the same secret knows since when a session goes by its id. Without a secret it signs nothing. */
export class Seal {
  readonly #secret: string | undefined

  /** @throws `invalid-options` */
  constructor(secret: string | undefined) {
    if (secret !== undefined && !(typeof secret === 'string' && secret.length >= MIN_SECRET)) {
      throw new EarshotError('invalid-options', `secret must be a text of ${MIN_SECRET} characters or more`, { name: 'secret' })
    }
    this.#secret = secret
  }

  /** A name that says since when this user's session goes by the id, in milliseconds; `unique` keeps it apart from others. */
  name(unique: string, id: string, userId: string | null, since: number): string {
    const said = `${unique}.${since}`
    return this.#secret === undefined || id === '' ? unique : `${said}.${sign(this.#secret, said, id, userId)}`
  }

  /** What such a name says, if it was given to this user for this id. */
  since(name: string, id: string, userId: string | null): number | undefined {
    const end = name.lastIndexOf('.')
    if (this.#secret === undefined || end < 0) return undefined
    const said = name.slice(0, end)
    const [given, right] = [Buffer.from(name.slice(end + 1)), Buffer.from(sign(this.#secret, said, id, userId))]
    return given.length === right.length && timingSafeEqual(given, right) ? Number(said.slice(said.lastIndexOf('.') + 1)) : undefined
  }
}

function sign(secret: string, said: string, id: string, userId: string | null): string {
  return createHmac('sha256', secret).update(JSON.stringify([said, id, userId])).digest('base64url')
}
