import { z } from "zod"
import { parseSize } from "../domain/text-forms/size.ts"

export const text = z.string().min(1)

export const size = text.transform((given, context): number => {
  const bytes = parseSize(given)
  if (bytes !== undefined) return bytes
  context.addIssue("must be a size like 64MiB, 10GiB or 500GB")
  return z.NEVER
})
