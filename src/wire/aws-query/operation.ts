import type { StructureShape, ValueOf } from "../shapes/shape.ts"

export interface QueryOperation {
  readonly input: StructureShape
  /** Absent: the operation answers with nothing but a request id. */
  readonly output?: StructureShape
}

export interface QueryService {
  readonly version: string
  readonly namespace: string
  readonly operations: { readonly [name: string]: QueryOperation }
}

export type InputOf<O> = O extends { input: infer I } ? ValueOf<I> : never
export type OutputOf<O> = O extends { output: infer R } ? ValueOf<R> : Record<string, never>
