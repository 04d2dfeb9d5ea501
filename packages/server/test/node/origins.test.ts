import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { expect, it } from 'vitest'
import { originCheck, type Origins } from '../../src/node/origins.ts'

function allows(origins: Origins, origin: string | undefined, host = 'app.example:8443'): boolean {
  const request = new IncomingMessage(new Socket())
  request.headers = { host, ...(origin !== undefined && { origin }) }
  return originCheck(origins)(request)
}

it.each([
  ['same', undefined, true],
  ['same', 'https://app.example:8443', true],
  ['same', 'http://APP.example:8443', true],
  ['same', 'https://app.example', false],
  ['same', 'https://app.example.evil.example:8443', false],
  ['same', 'https://evil.example', false],
  ['same', 'null', false],
  ['same', '', false],
  ['*', 'https://evil.example', true],
  [['https://app.example', 'capacitor://localhost'], 'https://app.example', true],
  [['https://app.example', 'capacitor://localhost'], 'capacitor://localhost', true],
  [['https://app.example'], 'HTTPS://APP.EXAMPLE', true],
  [['https://app.example'], undefined, true],
  [['https://app.example'], 'https://app.example:8443', false],
  [['https://app.example'], 'http://app.example', false],
  [['https://app.example'], 'null', false],
  [[], 'https://app.example', false],
] as const)('%j allows the origin %j: %j', (origins, origin, expected) => {
  expect(allows(origins, origin)).toBe(expected)
})

it('knows the default port', () => {
  expect(allows('same', 'https://app.example:443', 'app.example')).toBe(true)
  expect(allows('same', 'http://app.example:80', 'app.example')).toBe(true)
})

it.each(['https://app.example/', 'app.example', 'https://app.example/chat', '*', 42, ''])('refuses %j in a list', origin => {
  expect(() => originCheck([origin as string])).toThrow(expect.objectContaining({ code: 'invalid-options', details: { name: 'origins', value: origin } }))
})

it('refuses what is no list', () => {
  expect(() => originCheck('https://app.example' as '*')).toThrow(expect.objectContaining({ code: 'invalid-options' }))
})
