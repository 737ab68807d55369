/** What keeps a connection from being made, in words for who runs Millrace. */
export const connectionFaults = ["tls", "otherService", "login"] as const

/**
 * Why a server was not entered, where more is known than the driver says.
 * - `tls`: TLS of the two sides does not fit;
 * - `otherService`: something else answers there;
 * - `login`: the server does not let this user, or this address, in.
 */
export class ConnectionFault extends Error {
  readonly kind: (typeof connectionFaults)[number]
  /** Of the driver's error: SQLSTATE, or the system's code; "": it had none. */
  readonly code: string

  /** @param message what happened and what to do: whole sentences, with no secret in them */
  constructor(kind: ConnectionFault["kind"], message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = "ConnectionFault"
    this.kind = kind
    const { code } = Object(options?.cause) as { code?: unknown }
    this.code = typeof code === "string" ? code : ""
  }
}
