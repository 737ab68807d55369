import type { Duplex } from "node:stream"
import { type PeerCertificate, TLSSocket } from "node:tls"

/**
 * Remembers the server's certificate when the handshake ends, before it is judged: afterwards a socket that was refused knows it
 * no more.
 */
export function seenCertificate(socket: Duplex): () => PeerCertificate | undefined {
  let seen: PeerCertificate | undefined
  if (socket instanceof TLSSocket) {
    socket.prependOnceListener("secure", () => {
      const certificate = socket.getPeerCertificate(true)
      seen = Object.keys(certificate ?? {}).length > 0 ? certificate : undefined
    })
  }
  return () => seen
}
