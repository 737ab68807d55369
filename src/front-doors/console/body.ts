import type { z } from "zod"
import { Fault } from "../../domain/faults.ts"
import type { WireRequest } from "../../wire/http/message.ts"

/** An empty body counts as an empty object. @throws Fault validation */
export function jsonOf({ body }: WireRequest): unknown {
  if (body.length === 0) return {}
  try {
    return JSON.parse(Buffer.from(body).toString("utf8"))
  } catch (error) {
    if (error instanceof SyntaxError) throw new Fault("validation", "The body is not JSON.")
    throw error
  }
}

/** @throws Fault validation */
export function bodyOf<T>(shape: z.ZodType<T>, body: unknown): T {
  const checked = shape.safeParse(body)
  if (checked.success) return checked.data
  const [issue] = checked.error.issues
  const where = issue?.path.join(".") ?? ""
  throw new Fault(
    "validation",
    `The body is not as expected: ${where === "" ? "" : `${where}: `}${issue?.message}`,
  )
}
