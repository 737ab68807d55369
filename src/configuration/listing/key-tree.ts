import { z } from "zod"
import type { EngineFormats } from "../entries/format.ts"
import { configurationFormat } from "../schema.ts"

/** The keys of millrace.yaml as data, made from the schema that judges the file: JSON Schema, of which only this is used. */
export interface KeyNode {
  type?: string
  description?: string
  default?: unknown
  /** No listing shows its value. */
  secret?: boolean
  properties?: Readonly<Record<string, KeyNode>>
  required?: readonly string[]
  items?: KeyNode
  /** Told apart by the one property that has a `const`. */
  oneOf?: readonly KeyNode[]
  anyOf?: readonly KeyNode[]
  additionalProperties?: KeyNode | boolean
  const?: string
  enum?: readonly string[]
  minimum?: number
  maximum?: number
}

export function configurationKeyTree(engines: EngineFormats): KeyNode {
  return z.toJSONSchema(configurationFormat(engines).file, { io: "input", unrepresentable: "any" }) as KeyNode
}

/** The property that tells the branches of a list or block apart, with its value here. */
export function distinction({ properties = {} }: KeyNode): { key: string; value: string } | undefined {
  for (const [key, { const: value }] of Object.entries(properties))
    if (value !== undefined) return { key, value }
  return undefined
}
