import type { StructureShape, ValueOf } from "../shapes/shape.ts"

/** An operation of the restJson1 protocol. */
export interface RestOperation {
  readonly method: "GET" | "POST" | "PUT" | "DELETE"
  /** With members of the input in braces: `/domains/{DomainName}`. */
  readonly uri: string
  /** Names in the query by members of the input. Members that are in neither are in the body. */
  readonly query?: Readonly<Record<string, string>>
  readonly input: StructureShape
  readonly output: StructureShape
}

export interface RestOperations {
  readonly [name: string]: RestOperation
}

export type RestInputOf<O> = O extends { input: infer I } ? ValueOf<I> : never
export type RestOutputOf<O> = O extends { output: infer R } ? ValueOf<R> : never
