import { startDeadline } from "../../../concurrency/deadline.ts"
import { negotiateProtocolVersion } from "../backend-messages.ts"
import { decodeStartup, type StartupMessage } from "../frontend-messages.ts"
import { PgError } from "../pg-error.ts"
import { ConnectionGone, type TlsOptions, type Transport } from "../transport.ts"
import { authenticate } from "./authenticate.ts"
import type { LoginThrottle } from "./login-throttle.ts"
import type { ScramVerifier } from "./scram.ts"
import type { PendingLogin } from "./unauthenticated-connections.ts"

/** SSLRequest and GSSENCRequest may each precede the start-up message. */
const startupMessagesAtMost = 4

/** What the server knows of those who have not logged in yet. */
export interface Lobby {
  /** Absent: clients who ask for TLS are told that there is none. */
  tls?: TlsOptions
  /** Absent: everybody. Whether a client at that address may log in without TLS. */
  mayBePlain?(address: string | undefined): boolean
  /** Must take the same time and give an answer whether or not the user exists. */
  verifierFor(user: string): ScramVerifier
  /** From the connection to the first message. */
  silentMs: number
  throttle: LoginThrottle
  cancel(request: CancelRequest): void
}

export type CancelRequest = Extract<StartupMessage, { kind: "cancel" }>

export interface Login {
  user: string
  /** As the start-up message has them. */
  parameters: Map<string, string>
}

/**
 * From the connection to the proven password. `undefined`: it only came to cancel a statement. `admit` is called before a
 * password is asked for, and throws where nobody is to come in. Throws fatal PgErrors and ConnectionGone.
 */
export async function logIn(
  lobby: Lobby,
  transport: Transport,
  guest: PendingLogin,
  admit: () => void,
): Promise<Login | undefined> {
  const parameters = await startUp(lobby, transport, guest)
  if (!parameters) return undefined
  admit()
  const user = await proveUser(lobby, transport, parameters)
  guest.leave()
  return { user, parameters }
}

/** The parameters of the start-up message, or `undefined` after a request to cancel. */
async function startUp(
  lobby: Lobby,
  transport: Transport,
  guest: PendingLogin,
): Promise<Map<string, string> | undefined> {
  const silence = startDeadline(lobby.silentMs, transport.destroy)
  for (let i = 0; i < startupMessagesAtMost; i++) {
    const message = decodeStartup(await transport.receive("startup").finally(silence.end))
    guest.heard()
    if (message.kind === "cancel") {
      lobby.cancel(message)
      return undefined
    }
    if (message.kind === "startup") {
      const unknown = [...message.parameters.keys()].filter((name) => name.startsWith("_pq_."))
      if (message.minor > 0 || unknown.length > 0) transport.send(negotiateProtocolVersion(unknown))
      return message.parameters
    }
    if (message.kind === "ssl" && lobby.tls && !transport.isSecure()) {
      transport.sendByte("S")
      transport.secure(lobby.tls)
    } else transport.sendByte("N")
  }
  throw new PgError("08P01", "too many start-up messages", { fatal: true })
}

async function proveUser(
  { mayBePlain, throttle, verifierFor }: Lobby,
  transport: Transport,
  parameters: Map<string, string>,
): Promise<string> {
  const user = parameters.get("user")
  if (!user)
    throw new PgError("28000", "no PostgreSQL user name specified in startup packet", { fatal: true })
  if (!transport.isSecure() && mayBePlain?.(transport.address) === false) {
    throw new PgError("28000", "this server takes connections from there with TLS only", {
      fatal: true,
      hint: "Connect with sslmode=require, or let the server's administrator set listen.tls.unencrypted.",
    })
  }
  await throttle.attempt(user, transport.address, async () => {
    if (transport.gone()) throw new ConnectionGone()
    await authenticate(transport, user, verifierFor(user))
  })
  if (transport.gone()) throw new ConnectionGone()
  return user
}
