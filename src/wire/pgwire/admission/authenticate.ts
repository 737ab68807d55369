import {
  authenticationOk,
  authenticationSasl,
  authenticationSaslContinue,
  authenticationSaslFinal,
} from "../backend-messages.ts"
import { decodeFrontend } from "../frontend-messages.ts"
import { PgError } from "../pg-error.ts"
import type { Transport } from "../transport.ts"
import { type ScramVerifier, scramExchange } from "./scram.ts"

function refused(user: string): PgError {
  return new PgError("28P01", `password authentication failed for user "${user}"`, { fatal: true })
}

async function saslMessage(transport: Transport): Promise<Buffer> {
  const message = decodeFrontend(await transport.receive("login"))
  if (message.kind === "password") return message.body
  throw new PgError("08P01", "expected a password response", { fatal: true })
}

const plain = "SCRAM-SHA-256"
const bound = "SCRAM-SHA-256-PLUS"

/** SCRAM-SHA-256 over SASL, bound to the TLS connection where the client can. Throws a fatal PgError unless it proves the password. */
export async function authenticate(
  transport: Transport,
  user: string,
  verifier: ScramVerifier,
): Promise<void> {
  const endpoint = transport.endpoint()
  const offered = endpoint === undefined ? [plain] : [bound, plain]
  transport.send(authenticationSasl(offered))
  await transport.flush()
  const initial = await saslMessage(transport)
  const nameEnd = initial.indexOf(0)
  const mechanism = initial.subarray(0, Math.max(nameEnd, 0)).toString()
  if (!offered.includes(mechanism)) {
    throw new PgError("08P01", `this server offers only ${offered.join(" and ")}`, { fatal: true })
  }
  const exchange = scramExchange(verifier, { endpoint, chosen: mechanism === bound })
  const first = exchange.first(initial.subarray(nameEnd + 5).toString())
  if (first === undefined) throw new PgError("08P01", "malformed SCRAM message", { fatal: true })
  transport.send(authenticationSaslContinue(first))
  await transport.flush()
  const final = exchange.final((await saslMessage(transport)).toString())
  if (final === undefined) throw refused(user)
  transport.send(authenticationSaslFinal(final))
  transport.send(authenticationOk)
}
