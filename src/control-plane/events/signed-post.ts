import { createHmac } from "node:crypto"
import type { WebhookConfiguration } from "../../domain/configuration.ts"

const answerLimitMs = 10_000

/** What became of a message. `refused`: the receiver does not want it; `away`: it can be sent again later. */
export type PostOutcome = { kind: "taken" } | { kind: "refused" | "away"; reason: string }

/** Sends a message, signed, to a webhook; redirects are not followed. Never rejects. */
export async function postSigned(
  { url, secret }: Pick<WebhookConfiguration, "url" | "secret">,
  { id, body }: { id: string; body: string },
  signal: AbortSignal,
): Promise<PostOutcome> {
  const timestamp = String(Math.floor(Date.now() / 1_000))
  const headers = {
    "millrace-event": id,
    "millrace-timestamp": timestamp,
    "millrace-signature": `v1=${signatureOf(secret, timestamp, body)}`,
  }
  return await postTo(url, { body, headers }, signal)
}

/** Sends JSON; redirects are not followed. Never rejects. */
export async function postTo(
  url: string,
  { body, headers }: { body: string; headers: Record<string, string> },
  signal: AbortSignal,
): Promise<PostOutcome> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(answerLimitMs)])
  try {
    const answer = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body,
      redirect: "manual",
      signal: limit,
    })
    await answer.body?.cancel()
    if (answer.ok) return { kind: "taken" }
    const isAway = answer.status >= 500 || answer.status === 408 || answer.status === 429
    return { kind: isAway ? "away" : "refused", reason: `it answered ${answer.status}` }
  } catch (error) {
    // The URL may hold a token: of what went wrong only the system's own word is told.
    const cause = error instanceof Error ? error.cause : undefined
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "no answer"
    return { kind: "away", reason: code }
  }
}

/** Of the time of sending and the body, so that neither can be another. */
function signatureOf(secret: string, timestamp: string, body: string): string {
  return createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex")
}
