import type { ErrorCode, ErrorDetails, ErrorReasons } from './error-codes.ts'
import { MAX_TOPIC_BYTES, MAX_TOPIC_LEVELS } from './limits.ts'

/** Writes the sentence of one reason: what is wrong, the limit and the remedy. */
type Text = (details: ErrorDetails, cause: unknown) => string

const names = (kind: string): Record<'control-character' | 'empty-level' | 'no-string' | 'too-long' | 'too-many-levels', Text> => {
  const fault = (what: string): Text => ({ topic, pattern, value }) => `${kind} ${show(topic ?? pattern ?? value)} ${what}`
  return {
    'control-character': fault('must not hold control characters'),
    'empty-level': fault('must not have an empty level'),
    'no-string': fault('must be a string'),
    'too-long': fault(`is longer than ${MAX_TOPIC_BYTES} UTF-8 bytes`),
    'too-many-levels': fault(`has more than ${MAX_TOPIC_LEVELS} levels`),
  }
}

const mustBe = (allowed: string): Text => ({ name, value }) => `${name} is ${show(value)}: it must be ${allowed}`
const event: Text = ({ value }) => `Event ${show(value)} must be one level: a string without "/"`
const posted = (what: string): Text => () => `A tab posted ${what}; it was ignored. Does another script use this BroadcastChannel?`

/** What development builds and Node say of each error. Production builds say less, see short-texts.ts. */
export const texts: { readonly [Code in ErrorCode]: Readonly<Record<ErrorReasons[Code], Text>> } = {
  'invalid-options': {
    'no-channel-name': mustBe('a string of 1 to 200 characters'),
    'no-choice': ({ name, value, limit }) => `${name} is ${show(value)}: it must be one of ${[limit].flat().join(', ')}`,
    'no-clock': mustBe('a clock, e.g. systemClock'),
    'no-count': ({ name, value, limit }) => `${name} is ${show(value)}: it must be a whole number, ${String(limit)} or more`,
    'no-function': mustBe('a function'),
    'no-name': mustBe('a string that is not empty'),
    'no-options': mustBe('an object'),
    'no-patterns': mustBe('one pattern at least'),
    'no-provider': () => 'Hooks need an <EarshotProvider> with a hub or session',
    'no-signal': mustBe('an AbortSignal'),
    'no-string': mustBe('a string'),
    'no-timeout': mustBe('milliseconds, from 0 to 2147483647'),
    'no-transport': mustBe('a transport, e.g. broadcastChannel()'),
    'no-users': mustBe('a user id or an array of them'),
  },
  'invalid-topic': {
    ...names('Topic'),
    'no-event': event,
    'no-level': ({ value }) => `Level ${show(value)} must be a string without "/", or a number`,
    reserved: ({ topic }) => `Topic ${show(topic)} is reserved: only the hub publishes below a level that starts with $`,
    wildcard: ({ topic }) => `Topic ${show(topic)} must not hold a wildcard; subscribe takes patterns`,
  },
  'invalid-pattern': {
    ...names('Pattern'),
    'early-wildcard': ({ pattern }) => `Pattern ${show(pattern)} has ** before its last level; use * there`,
    'no-event': event,
    'no-glob': ({ pattern }) => `Event ${show(pattern)} is no valid glob: close its [ ] and give it signs in rising order`,
  },
  'invalid-data': {
    refused: ({ topic, path, issues }) => `Data for "${topic}" is refused${path && ` at ${path}`}: ${issues?.[0]?.message}`,
    undefined: ({ topic }) => `Data for "${topic}" is undefined: publish null for "nothing"`,
  },
  'payload-too-large': {},
  'not-serializable': {
    'no-clone': ({ topic, path }) => `Data for "${topic}" cannot be cloned${path && ` at ${path}`}: publish plain data, not functions, symbols or DOM nodes`,
    'not-posted': () => 'The browser refused to post a message that it could clone',
  },
  'hub-closed': { closed: () => 'The hub is closed: create a new one with createHub()' },
  'session-closed': {
    closed: ({ name }) => `The ${name} is closed: ${name === 'session' ? 'open a new one with hub.openSession()' : 'ask the session for a new one'}`,
  },
  unsupported: {
    'async-schema': ({ topic }) => `The schema of "${topic}" is asynchronous: give a synchronous one`,
    'no-channel': () => 'There is no BroadcastChannel here: the hub works within its page',
    'no-locks': ({ name }) => `${name} needs Web Locks: serve the page over https or from localhost`,
    'no-tabs': ({ name }) => `${name} needs a transport that joins the tabs of a browser, e.g. broadcastChannel()`,
  },
  'not-connected': {},
  timeout: { 'not-accepted': ({ limit }) => `The publish was not accepted within ${String(limit)} ms` },
  aborted: { signal: () => 'The publish was aborted by its signal' },
  forbidden: {},
  'rate-limited': {},
  'outbox-full': { joining: () => 'Too many publishes wait for this tab to join the others: await receipts, or raise outbox' },
  'outcome-unknown': {},
  overflow: {
    publishes: ({ limit }) => `${String(limit)} publishes made inside listeners wait: do listeners answer one another for ever?`,
    stream: ({ limit }) => `The stream's queue of ${String(limit)} is full: read faster, raise capacity or choose another overflow`,
  },
  'connection-lost': {},
  unauthorized: {},
  'protocol-version': {
    'other-version': ({ value }) => `A tab speaks version ${show(value)} of the mesh: it and this tab do not hear one another until the older one is reloaded`,
  },
  'protocol-violation': {
    'no-frame': posted('a frame that makes no sense'),
    'no-item': posted('an item that makes no sense'),
    'too-many-tabs': posted('more names of tabs than a browser has'),
  },
  gap: {},
  'listener-failed': {
    callback: (_, cause) => `A callback failed: ${said(cause)}`,
    listener: ({ topic, subscription }, cause) => `A listener of ${[subscription?.pattern].flat().join(', ') || 'broadcasts'} failed on "${topic}": ${said(cause)}`,
  },
}

/** The sentence of an error. Words that are no reason of ours are whole already. */
export function textOf(code: ErrorCode, reason: string, details: ErrorDetails, cause: unknown): string {
  const found = new Map<string, Text>(Object.entries(texts[code])).get(reason)
  return found ? found(details, cause) : reason
}

/** A value as a text shows it: short, and never a failure of its own. */
function show(value: unknown): string {
  return typeof value === 'string' ? `"${value.slice(0, 80)}"` : typeof value === 'object' && value ? 'an object' : String(value)
}

function said(cause: unknown): string {
  return cause instanceof Error ? cause.message : show(cause)
}
