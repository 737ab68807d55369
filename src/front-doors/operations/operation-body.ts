import type { z } from "zod"
import { Fault } from "../../domain/faults.ts"

/** @throws Fault validation */
export function bodyOf<T>(shape: z.ZodType<T>, body: unknown): T {
  const checked = shape.safeParse(body)
  if (checked.success) return checked.data
  const [issue] = checked.error.issues
  throw new Fault(
    "validation",
    `The body is not as expected: ${issue?.path.join(".") ?? ""} ${issue?.message}`,
  )
}
