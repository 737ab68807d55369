import { integrationStatuses } from "../domain/integration.ts"
import type { Shape } from "../wire/shapes/shape.ts"

/** What the integrations of both APIs have in common on the wire. */

/** The cloud's models leave some strings without a limit. What is stored needs one. */
const unboundedMax = 2_048

export const anyText = { kind: "string", max: unboundedMax } as const satisfies Shape

export const integrationName = {
  kind: "string",
  min: 1,
  max: 63,
  // The same language as the RDS model's `[a-zA-Z](?:-?[a-zA-Z0-9]+)*`, whose nested repetition takes exponential time.
  pattern: "[a-zA-Z][a-zA-Z0-9]*(-[a-zA-Z0-9]+)*",
} as const satisfies Shape

export const description = { kind: "string", min: 0, max: 1000, pattern: ".*" } as const satisfies Shape

export const encryptionContext = {
  kind: "map",
  key: anyText,
  value: anyText,
  // The cloud allows 8 pairs and adds 2 of its own.
  max: 6,
} as const satisfies Shape

export const integrationStatus = { kind: "string", values: integrationStatuses } as const satisfies Shape

export const integrationErrors = {
  kind: "list",
  itemName: "IntegrationError",
  item: {
    kind: "structure",
    members: { ErrorCode: { kind: "string" }, ErrorMessage: { kind: "string" } },
    required: ["ErrorCode"],
  },
} as const satisfies Shape
