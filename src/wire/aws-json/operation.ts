import type { StructureShape, ValueOf } from "../shapes/shape.ts"

export interface JsonOperation {
  readonly input: StructureShape
  readonly output: StructureShape
}

/** A service of the awsJson1_0 protocol. */
export interface JsonService {
  /** The part of `X-Amz-Target` before the operation's name. */
  readonly target: string
  readonly operations: { readonly [name: string]: JsonOperation }
}

export type JsonInputOf<O> = O extends { input: infer I } ? ValueOf<I> : never
export type JsonOutputOf<O> = O extends { output: infer R } ? ValueOf<R> : never
