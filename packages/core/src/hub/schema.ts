import { checkFunction, EarshotError } from '../base/errors.ts'
import { PatternIndex } from '../topic/pattern-index.ts'
import { checkPattern } from '../topic/topic.ts'

/** Any validator that follows Standard Schema (https://standardschema.dev): zod, valibot, arktype, … */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

type SchemaResult<Output> = { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] }
interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** Schemas by pattern. */
export type SchemaMap = Readonly<Record<string, StandardSchema>>
/** What listeners get by these schemas. */
export type OutputsOf<Schemas> = { [Key in keyof Schemas]: Schemas[Key] extends StandardSchema<infer _In, infer Out> ? Out : never }
/** What `publish` takes by these schemas. */
export type InputsOf<Schemas> = { [Key in keyof Schemas]: Schemas[Key] extends StandardSchema<infer In, infer _Out> ? In : never }

/** Gives the schema that decides for a topic: the most specific pattern's. */
export function schemaFinder(schemas: SchemaMap): (topic: string) => StandardSchema | undefined {
  const index = new PatternIndex<string>()
  for (const pattern of Object.keys(schemas)) {
    checkPattern(pattern)
    checkFunction(`topics["${pattern}"]`, schemas[pattern]?.['~standard']?.validate)
    index.set(pattern, pattern)
  }
  return topic => {
    let best: string | undefined
    index.match(topic, pattern => {
      if (best === undefined || rank(pattern) < rank(best)) best = pattern
    })
    return best === undefined ? undefined : schemas[best]
  }
}

/** Sorts literal before `*` before `**`, left to right: level by level, one sign each. */
function rank(pattern: string): string {
  return pattern.split('/').map(level => (level === '*' ? 1 : level === '**' ? 2 : 0)).join('')
}

/**
 * Checks data and gives what listeners get.
 * @throws `invalid-data` naming the path; `unsupported` for an asynchronous schema
 */
export function validate(schema: StandardSchema, topic: string, data: unknown): unknown {
  const result = schema['~standard'].validate(data)
  if (result instanceof Promise) {
    // Its outcome is of no use any more; it must not surface as an unhandled rejection.
    result.catch(() => {})
    throw new EarshotError('unsupported', 'async-schema', { topic })
  }
  const { issues } = result
  if (!issues) return result.value
  const path = issues[0]?.path?.map(part => String(typeof part === 'object' ? part.key : part)).join('.') ?? ''
  throw new EarshotError('invalid-data', 'refused', { topic, path, issues })
}
