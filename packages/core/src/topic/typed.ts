import type { Message } from '../base/message.ts'

/** The topic map of a hub without one: any topic, unknown data. */
export interface AnyTopics {
  '**': unknown
}

/** What the compiler shows when a topic or pattern does not fit the map. */
export interface TopicError<Text extends string> {
  readonly 'earshot error': Text
}

/** A topic as editors complete it: the map's patterns first, then any string. */
export type TopicHint<Map> = (keyof Map & string) | (string & {})

// The map becomes a trie of its levels, one step at a time: TypeScript keeps each step, so that a call costs as much as its topic is deep.
interface Entry {
  readonly path: string
  readonly key: string
  readonly data: unknown
}
/** All of its levels are behind. */
interface Ended {
  readonly path: ''
}
type Entries<Map> = { [Key in keyof Map & string]: { path: Key; key: Key; data: Map[Key] } }[keyof Map & string]
type Head<Path extends string> = Path extends `${infer First}/${string}` ? First : Path
// Over each entry by itself: entries that share a level meet in one property, whose type is made of their union.
type Tail<E> = E extends Entry ? { path: E['path'] extends `${string}/${infer Rest}` ? Rest : ''; key: E['key']; data: E['data'] } : never
type Step<E extends Entry> = { [One in Exclude<E, Ended> as Head<One['path']>]: Tail<One> }
type At<Node, Level> = Level extends keyof Node ? (Node[Level] extends Entry ? Node[Level] : never) : never
// Results are whole entries, so that data of type `never` is not mistaken for "no match".
type Ends<E extends Entry> = Extract<E, Ended>

type Overlap<E extends Entry, Path extends string> = [E] extends [never]
  ? never
  : Path extends `${infer Level}/${infer Rest}`
    ? OverlapLevel<Step<E>, Level, Rest>
    : Path extends '**'
      ? Exclude<E, Ended>
      : Ends<LevelOf<Step<E>, Path>> | Ends<At<Step<E>, '**'>>
type OverlapLevel<Node, Level extends string, Rest extends string> = Overlap<LevelOf<Node, Level>, Rest> | Ends<At<Node, '**'>>
// A level that is `*`, or a template's hole, may be any of the map's.
type LevelOf<Node, Level extends string> = string extends Level
  ? At<Node, Exclude<keyof Node, '**'>>
  : Level extends '*'
    ? At<Node, Exclude<keyof Node, '**'>>
    : At<Node, Level> | At<Node, '*'>

/** Most specific first: literal, then `*`, then `**`, left to right. */
type Exact<E extends Entry, Path extends string> = [E] extends [never]
  ? never
  : Path extends `${infer Level}/${infer Rest}`
    ? First<Exact<At<Step<E>, Level>, Rest>, First<Exact<At<Step<E>, '*'>, Rest>, Ends<At<Step<E>, '**'>>>>
    : First<Ends<At<Step<E>, Path>>, First<Ends<At<Step<E>, '*'>>, Ends<At<Step<E>, '**'>>>>
type First<One, Other> = [One] extends [never] ? Other : One

type IsOpen<Path extends string> = string extends Path
  ? true
  : Path extends `${infer Level}/${infer Rest}`
    ? string extends Level
      ? true
      : Level extends '*'
        ? true
        : IsOpen<Rest>
    : Path extends '*' | '**'
      ? true
      : false
type Found<Map, Path extends string> = string extends Path
  ? Entries<Map>
  : Path extends unknown
    ? IsOpen<Path> extends true
      ? Overlap<Entries<Map>, Path>
      : Exact<Entries<Map>, Path>
    : never

/** The data of messages that a topic or pattern brings: of the most specific entry for a topic, the union of all that overlap for a pattern. */
// The brackets, and `infer` instead of `['data']`, keep the compiler from trying every topic of the map before it knows the one of a call.
export type DataOf<Map, Pattern extends string> = [Pattern] extends [never] ? unknown : DataFor<Map, Pattern>
type DataFor<Map, Pattern extends string> = Pattern extends `$${string}` ? unknown : Found<Map, Pattern> extends { data: infer Data } ? Data : never

/** A pattern as a type of topics: `rooms/*` is `rooms/${string}`. */
export type TopicOf<Pattern extends string> = Pattern extends `${infer Level}/${infer Rest}`
  ? `${Level extends '*' ? string : Level}/${TopicOf<Rest>}`
  : Pattern extends '*' | '**'
    ? string
    : Pattern

/** The messages a topic or pattern brings: for a pattern the union over the map's entries that overlap, which `matches` narrows. */
export type MessageOf<Map, Pattern extends string> = Pattern extends `$${string}`
  ? Message
  : Found<Map, Pattern> extends infer E
    ? E extends Entry
      ? Message<E['data'], IsOpen<Pattern> extends true ? TopicOf<E['key']> : Pattern>
      : never
    : never

type Refusal<Map, Pattern extends string> = Pattern extends `$${string}`
  ? never
  : [Found<Map, Pattern>] extends [never]
    ? TopicError<`No topic of the map matches "${Pattern}"`>
    : never
type WildcardRefusal<Topic extends string> = Topic extends unknown
  ? HasWildcard<Topic> extends true
    ? TopicError<`"${Topic}" holds a wildcard: messages are published to topics`>
    : never
  : never
type Accept<Refused> = [Refused] extends [never] ? unknown : Refused

/** `unknown` when the map has the pattern, else a text for the compiler to show. */
export type CheckPattern<Map, Pattern extends string> = Accept<Refusal<Map, Pattern>>

/** As `CheckPattern`, and refuses wildcards. */
export type CheckTopic<Map, Topic extends string> = Accept<WildcardRefusal<Topic> | Refusal<Map, Topic>>

type HasWildcard<Path extends string> = string extends Path
  ? false
  : Path extends `${infer Level}/${infer Rest}`
    ? string extends Level
      ? HasWildcard<Rest>
      : Level extends '*' | '**'
        ? true
        : HasWildcard<Rest>
    : Path extends '*' | '**'
      ? true
      : false
