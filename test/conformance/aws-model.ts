import { readFileSync } from "node:fs"
import { join } from "node:path"

/** A member as the cloud's service models state it. Patterns as there, with or without anchors. */
export interface ModelShape {
  type: string
  min?: number
  max?: number
  pattern?: string
  enum?: string[]
  itemName?: string
  item?: ModelShape
  members?: Record<string, ModelShape>
  required?: string[]
}

export interface ModelOperation {
  input: Record<string, ModelShape>
  required: string[]
  output?: Record<string, ModelShape>
  /** Only a part of the cloud's many members is in the file, and served. */
  outputIsPart?: true
  /** Status by code. */
  errors: Record<string, number>
  pageSize?: { default?: number; min: number; max: number }
}

export interface ModelService {
  version: string
  namespace: string
  operations: Record<string, ModelOperation>
}

export const model: { services: { rds: ModelService; redshift: ModelService } } = JSON.parse(
  readFileSync(join(import.meta.dirname, "aws-model.json"), "utf8"),
)
