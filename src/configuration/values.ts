import { z } from "zod"
import { parseSize } from "../domain/text-forms/size.ts"

export const text = z.string().min(1)

/** A text that no answer, log or listing shows (`config show` among them). */
export const secretText = text.meta({ secret: true })

export const size = text.transform((given, context): number => {
  const bytes = parseSize(given)
  if (bytes !== undefined) return bytes
  context.addIssue("must be a size like 64MiB, 10GiB or 500GB")
  return z.NEVER
})
