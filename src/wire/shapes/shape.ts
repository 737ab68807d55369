/** What a value on the wire looks like, as plain data; parsing, checking and writing are driven by it. */
export type Shape =
  | StringShape
  | IntegerShape
  | DoubleShape
  | { readonly kind: "boolean" }
  | { readonly kind: "timestamp" }
  | ListShape
  | MapShape
  | StructureShape

export interface StringShape {
  readonly kind: "string"
  /** Length limits, in characters (code points). */
  readonly min?: number
  readonly max?: number
  /** Matches the whole value. Must be free of nested repetition: it meets untrusted input. */
  readonly pattern?: string
  readonly values?: readonly string[]
}

export interface IntegerShape {
  readonly kind: "integer"
  readonly min?: number
  readonly max?: number
}

export interface DoubleShape {
  readonly kind: "double"
  readonly min?: number
  readonly max?: number
}

export interface ListShape {
  readonly kind: "list"
  readonly item: Shape
  /** The wire name of one item. */
  readonly itemName: string
  readonly min?: number
  readonly max?: number
}

/** A map with at most `max` entries. */
export interface MapShape {
  readonly kind: "map"
  readonly key: StringShape
  readonly value: Shape
  readonly max?: number
}

export interface StructureShape {
  readonly kind: "structure"
  readonly members: { readonly [name: string]: Shape }
  readonly required?: readonly string[]
}

/** Any value that a shape can describe. */
export type ShapeValue =
  | string
  | number
  | boolean
  | Date
  | ShapeValue[]
  | { [name: string]: ShapeValue | undefined }

/** The TypeScript type of the values that shape `S` describes. */
export type ValueOf<S> = S extends { kind: "string"; values: readonly (infer V extends string)[] }
  ? V
  : S extends { kind: "string" }
    ? string
    : S extends { kind: "integer" | "double" }
      ? number
      : S extends { kind: "boolean" }
        ? boolean
        : S extends { kind: "timestamp" }
          ? Date
          : S extends { kind: "list"; item: infer I }
            ? ValueOf<I>[]
            : S extends { kind: "map"; value: infer V }
              ? Record<string, ValueOf<V>>
              : S extends { kind: "structure"; members: infer M }
                ? StructureValue<M, RequiredOf<S>>
                : never

type RequiredOf<S> = S extends { required: readonly (infer R)[] } ? R : never

type StructureValue<M, R> = {
  -readonly [K in keyof M as K extends R ? K : never]: ValueOf<M[K]>
} & {
  -readonly [K in keyof M as K extends R ? never : K]?: ValueOf<M[K]> | undefined
}
