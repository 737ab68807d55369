import { setTimeout as sleep } from "node:timers/promises"

const attemptsWithoutProgress = 4
const firstPauseMs = 200

/** What was read of it and what is there now do not belong together. */
export class ObjectReplaced extends Error {}

/** The bytes of an object, asked for anew from where they stopped when the connection breaks before the end. */
export async function* resumingBody(
  first: { body: unknown; sizeBytes: number | undefined },
  open: (from: number) => Promise<unknown>,
  problem: (error: unknown) => Error,
): AsyncGenerator<Buffer> {
  let at = 0
  let failures = 0
  let body: unknown = first.body
  for (;;) {
    try {
      body ??= await open(at)
      for await (const chunk of body as AsyncIterable<Uint8Array>) {
        at += chunk.length
        failures = 0
        yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
      }
      if (first.sizeBytes === undefined || at >= first.sizeBytes) return
      throw new Error("the connection ended early")
    } catch (error) {
      if (++failures >= attemptsWithoutProgress || !mayHelp(error)) throw problem(error)
      body = undefined
      await sleep(firstPauseMs * 2 ** failures)
    }
  }
}

/** Not where it was replaced meanwhile, removed, or given up by us. */
function mayHelp(error: unknown): boolean {
  if (error instanceof ObjectReplaced) return false
  if (!(error instanceof Error)) return true
  return !["PreconditionFailed", "NoSuchKey", "AccessDenied", "AbortError", "InvalidRange"].includes(
    error.name,
  )
}
