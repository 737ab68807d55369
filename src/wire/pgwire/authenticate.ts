import {
  authenticationOk,
  authenticationSasl,
  authenticationSaslContinue,
  authenticationSaslFinal,
} from "./backend-messages.ts"
import { decodeFrontend } from "./frontend-messages.ts"
import { PgError } from "./pg-error.ts"
import { type ScramVerifier, scramExchange } from "./scram.ts"
import type { Transport } from "./transport.ts"

function refused(user: string): PgError {
  return new PgError("28P01", `password authentication failed for user "${user}"`, { fatal: true })
}

async function saslMessage(transport: Transport): Promise<Buffer> {
  const message = decodeFrontend(await transport.receive(false))
  if (message.kind === "password") return message.body
  throw new PgError("08P01", "expected a password response", { fatal: true })
}

/** SCRAM-SHA-256 over SASL. Throws a fatal PgError unless the client proves the password. */
export async function authenticate(
  transport: Transport,
  user: string,
  verifier: ScramVerifier,
): Promise<void> {
  transport.send(authenticationSasl)
  await transport.flush()
  const exchange = scramExchange(verifier)
  const initial = await saslMessage(transport)
  const nameEnd = initial.indexOf(0)
  if (nameEnd < 0 || initial.subarray(0, nameEnd).toString() !== "SCRAM-SHA-256") {
    throw new PgError("08P01", "this server offers only SCRAM-SHA-256", { fatal: true })
  }
  const first = exchange.first(initial.subarray(nameEnd + 5).toString())
  if (first === undefined) throw new PgError("08P01", "malformed SCRAM message", { fatal: true })
  transport.send(authenticationSaslContinue(first))
  await transport.flush()
  const final = exchange.final((await saslMessage(transport)).toString())
  if (final === undefined) throw refused(user)
  transport.send(authenticationSaslFinal(final))
  transport.send(authenticationOk)
}
