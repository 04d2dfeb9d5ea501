import type { IncomingMessage } from 'node:http'
import { EarshotError } from '@earshot/core'
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify, type JWTVerifyOptions } from 'jose'
import type { Authorize } from '../relay/access.ts'
import type { Identity } from '../relay/identity.ts'
import { TopicGrants } from './topic-grants.ts'

/** Which tokens are taken, and what they say. */
export interface JwtOptions {
  /** Signs the tokens: HS256, HS384 or HS512; 32 bytes or more. Either this or `jwksUrl`. */
  secret?: string | Uint8Array
  /** Where the public keys are that the tokens are signed with: RS, PS and ES algorithms, and EdDSA. They are fetched when they are needed, and kept. */
  jwksUrl?: string | URL
  /** What the claim `iss` must be. @default anything */
  issuer?: string | string[]
  /** What the claim `aud` must be or hold. @default anything */
  audience?: string | string[]
  /** The claim that says whose the token is: a string or a whole number. @default 'sub' */
  userClaim?: string
  /**
   * The claim that says what the user may do: a list of patterns, or lists by action, e.g. `{ subscribe: ['rooms/*'], publish: ['rooms/42'] }`; the pattern
   * `''` stands for broadcasts. A token without it may do nothing. @default everything is allowed
   */
  topicsClaim?: string
  /** How far clocks may be apart, in milliseconds. @default 5000 */
  tolerance?: number
}

/** What goes to `createRelay`. */
export interface JwtAuth {
  authenticate(request: IncomingMessage, token: string | undefined): Promise<Identity>
  authorize: Authorize
}

const SYMMETRIC = ['HS256', 'HS384', 'HS512']
const ASYMMETRIC = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']
/** Bytes: a shorter secret can be guessed from one token. */
const MIN_SECRET = 32
/** How long keys may take to be fetched: the relay gives up after `limits.decision`. */
const FETCH_LIMIT = 4000

/** Looks a token up. */
type Verify = (token: string) => Promise<JWTPayload>

/**
 * Takes JWTs as tokens: signed by one secret, or by a key of a JWKS. Unsigned and expired ones are refused, and a connection's token is renewed before it is over.
 * @throws `invalid-options`
 * @example createRelay({ ...jwtAuth({ secret: process.env.JWT_SECRET }) })
 */
export function jwtAuth(options: JwtOptions): JwtAuth {
  const { userClaim = 'sub', topicsClaim, tolerance = 5000 } = options
  const verify = verifier(options, tolerance)
  return {
    async authenticate(_request, token) {
      if (token === undefined) throw new EarshotError('unauthorized', 'a token is needed')
      const claims = await verify(token)
      const userId = userOf(claims[userClaim], userClaim)
      const expires = claims.exp === undefined ? {} : { expires: claims.exp * 1000 + tolerance }
      return { userId, ...expires, data: topicsClaim === undefined ? undefined : grantsOf(claims[topicsClaim], topicsClaim) }
    },
    authorize: ({ action, topic, data }) => topicsClaim === undefined || (data instanceof TopicGrants && data.decide(action, topic)),
  }
}

function verifier({ secret, jwksUrl, issuer, audience }: JwtOptions, tolerance: number): Verify {
  if (!(tolerance >= 0 && tolerance < Infinity)) throw invalid('tolerance', `is ${tolerance}: it must be 0 or more`)
  if ((secret === undefined) === (jwksUrl === undefined)) throw invalid('secret', 'or jwksUrl is needed, and only one of them')
  const checks: JWTVerifyOptions = {
    clockTolerance: tolerance / 1000,
    ...(issuer !== undefined && { issuer }),
    ...(audience !== undefined && { audience }),
  }
  if (jwksUrl !== undefined) {
    const keys = remoteKeys(jwksUrl)
    return token => jwtVerify(token, keys, { ...checks, algorithms: ASYMMETRIC }).then(({ payload }) => payload, refuse)
  }
  const key = typeof secret === 'string' ? new TextEncoder().encode(secret) : secret
  if (!(key instanceof Uint8Array) || key.length < MIN_SECRET) throw invalid('secret', `is too short: it must have ${MIN_SECRET} bytes or more`)
  return token => jwtVerify(token, key, { ...checks, algorithms: SYMMETRIC }).then(({ payload }) => payload, refuse)
}

/** Keys from elsewhere. That they cannot be had says nothing about the token. */
function remoteKeys(jwksUrl: string | URL): JWTVerifyGetKey {
  const url = URL.canParse(String(jwksUrl)) ? new URL(jwksUrl) : undefined
  if (!url || !/^https?:$/.test(url.protocol)) throw invalid('jwksUrl', 'must be a url that begins with https: or http:')
  const find = createRemoteJWKSet(url, { timeoutDuration: FETCH_LIMIT })
  return async (header, token) => {
    try {
      return await find(header, token)
    } catch (error) {
      const isOfToken = error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys || error instanceof errors.JOSENotSupported
      if (isOfToken) throw error
      throw new EarshotError('not-connected', `The keys at ${url.origin}${url.pathname} cannot be had`, {}, error)
    }
  }
}

/** Says why a token is refused, without a word of what is in it. */
function refuse(error: unknown): never {
  if (!(error instanceof errors.JOSEError)) throw error
  if (error instanceof errors.JWTExpired) throw new EarshotError('unauthorized', 'the token is over')
  if (error instanceof errors.JWTClaimValidationFailed) throw new EarshotError('unauthorized', `the token's claim ${error.claim} is not as it must be`)
  if (error instanceof errors.JWSSignatureVerificationFailed || error instanceof errors.JWKSNoMatchingKey) throw new EarshotError('unauthorized', 'the token is not signed by a known key')
  if (error instanceof errors.JOSEAlgNotAllowed) throw new EarshotError('unauthorized', 'the token is signed in a way that is not taken')
  throw new EarshotError('unauthorized', 'the token is no JWT that is taken here')
}

function userOf(claim: unknown, name: string): string {
  if (typeof claim === 'string' && claim !== '') return claim
  if (Number.isSafeInteger(claim)) return String(claim)
  throw new EarshotError('unauthorized', `the token's claim ${name} names no user`)
}

function grantsOf(claim: unknown, name: string): TopicGrants | undefined {
  const grants = TopicGrants.read(claim)
  if (!grants && claim !== undefined) throw new EarshotError('unauthorized', `the token's claim ${name} holds no patterns`)
  return grants
}

function invalid(name: string, text: string): EarshotError {
  return new EarshotError('invalid-options', `${name} ${text}`, { name })
}
