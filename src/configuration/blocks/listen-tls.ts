import { z } from "zod"
import { unencryptedFrom } from "../../domain/configuration.ts"
import { text } from "../values.ts"

/** Of the SQL port and the HTTP port. */
const shape = z.strictObject({
  cert: text.optional().describe("a PEM file, with the chain; without it Millrace makes one of its own"),
  key: text.optional().describe("the PEM file of its key"),
  unencrypted: z
    .enum(unencryptedFrom, `must be one of ${unencryptedFrom.join(", ")}`)
    .default("loopback")
    .describe("from where clients may come without TLS"),
  http_unencrypted: z
    .enum(unencryptedFrom, `must be one of ${unencryptedFrom.join(", ")}`)
    .optional()
    .describe(
      "the same of the HTTP port; usual: as `unencrypted` where `cert` or `ca` is given, `anywhere` without",
    ),
  ca: text
    .optional()
    .describe(
      "a PEM file, or `system`: by which commands on other machines know the HTTP port; usual: they take `cert` itself",
    ),
})

export const listenTlsKeys = Object.keys(shape.shape)

export const listenTls = shape.refine(
  ({ cert, key }) => (cert === undefined) === (key === undefined),
  "must have both cert and key, or neither",
)
