import { checkTopic, type Member } from '@earshot/core'
import type { ServerHistory, ServerHistoryOptions } from '../node/server-history.ts'
import type { ServerPublishOptions } from '../node/server-publish.ts'
import { VOLATILE_VALUE } from '../relay/notices.ts'
import { ApiError } from './api-error.ts'
import type { Fields } from './fields.ts'

/** What back ends may do with a relay. */
export interface ServedRelay {
  publish(topic: string, data: unknown, options?: ServerPublishOptions): Promise<{ offset?: number }>
  broadcast(data: unknown, options?: ServerPublishOptions): Promise<{ offset?: number }>
  history(pattern: string, options?: ServerHistoryOptions): Promise<ServerHistory>
  presence(topic: string): readonly Member[]
  occupancy(topic: string): number
  disconnectUser(userId: string): number
}

/** What answers the requests for one path. */
export interface Route {
  readonly method: 'GET' | 'POST'
  answer(relay: ServedRelay, fields: Fields): object | Promise<object>
}

/** What back ends ask for, by the last part of its path. */
export const ROUTES: ReadonlyMap<string, Route> = new Map<string, Route>([
  ['publish', { method: 'POST', answer: publish }],
  ['broadcast', { method: 'POST', answer: broadcast }],
  ['disconnect', { method: 'POST', answer: disconnect }],
  ['history', { method: 'GET', answer: history }],
  ['presence', { method: 'GET', answer: presence }],
  ['occupancy', { method: 'GET', answer: occupancy }],
])

function publish(relay: ServedRelay, fields: Fields): Promise<object> {
  const topic = fields.text('topic')
  const data = fields.data('data')
  const retain = fields.maybeFlag('retain') ?? false
  const options = publishOptions(fields)
  if (retain && options.volatile) throw new ApiError('invalid-data', VOLATILE_VALUE)
  return relay.publish(topic, data, { ...options, retain })
}

function broadcast(relay: ServedRelay, fields: Fields): Promise<object> {
  const data = fields.data('data')
  return relay.broadcast(data, publishOptions(fields))
}

function disconnect(relay: ServedRelay, fields: Fields): object {
  const userId = fields.text('userId')
  fields.end()
  return { connections: relay.disconnectUser(userId) }
}

function history(relay: ServedRelay, fields: Fields): Promise<object> {
  const topic = fields.text('topic')
  const limit = fields.maybeCount('limit')
  const before = fields.maybeCount('before')
  const since = fields.maybeText('since')
  fields.end()
  return relay.history(topic, { ...(limit !== undefined && { limit }), ...(before !== undefined && { before }), ...(since !== undefined && { since }) })
}

function presence(relay: ServedRelay, fields: Fields): object {
  const topic = topicOf(fields)
  return { members: relay.presence(topic).map(({ id, userId = null, data, since }) => ({ id, userId, data, since })) }
}

function occupancy(relay: ServedRelay, fields: Fields): object {
  const topic = topicOf(fields)
  return { sessions: relay.occupancy(topic) }
}

function publishOptions(fields: Fields): ServerPublishOptions {
  const to = fields.maybeUsers('to')
  const volatile = fields.maybeFlag('volatile') ?? false
  fields.end()
  return { volatile, ...(to && { to }) }
}

function topicOf(fields: Fields): string {
  const topic = fields.text('topic')
  fields.end()
  checkTopic(topic)
  return topic
}
