import { createServer, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { TLSSocket } from "node:tls"
import { getRequestListener, type HttpBindings } from "@hono/node-server"
import type { Context, Hono } from "hono"
import { startDeadline } from "../../concurrency/deadline.ts"
import { startTicks } from "../../concurrency/ticks.ts"
import { readBody } from "./body.ts"
import { type ConnectionLimits, guardConnections } from "./connections.ts"
import type { WireRequest, WireResponse } from "./message.ts"
import { type HttpTls, tlsOrPlain } from "./tls-or-plain.ts"

export type HttpEnvironment = { Bindings: HttpBindings }
export type HttpApp = Hono<HttpEnvironment>
export type WireHandler = (request: WireRequest) => Promise<WireResponse>

/** Every limit a slow or greedy client meets. */
export interface HttpLimits extends ConnectionLimits {
  bodyBytes: number
  /** From the opening of a connection, or the first byte of a further request, to the end of the headers. */
  headersTimeoutMs: number
  /** From the first byte of a request to the end of its body. */
  requestTimeoutMs: number
  /** A connection on which nothing moves, in either direction. */
  idleTimeoutMs: number
  /** How long a connection is kept for a next request. */
  keepAliveTimeoutMs: number
  headerBytes: number
  /** How many headers a request may have; clients of these APIs send about ten. */
  headerCount: number
}

export const defaultHttpLimits: HttpLimits = {
  bodyBytes: 1024 * 1024,
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 30_000,
  idleTimeoutMs: 60_000,
  keepAliveTimeoutMs: 20_000,
  headerBytes: 16 * 1024,
  headerCount: 100,
  connections: 1_000,
  connectionsPerAddress: 250,
  pipelined: 16,
}

/** Of a listener for health checks alone: their requests have no body and are over in milliseconds. */
export const healthHttpLimits: HttpLimits = {
  bodyBytes: 0,
  headersTimeoutMs: 2_000,
  requestTimeoutMs: 5_000,
  idleTimeoutMs: 5_000,
  keepAliveTimeoutMs: 2_000,
  headerBytes: 8 * 1024,
  headerCount: 100,
  connections: 100,
  connectionsPerAddress: 20,
  pipelined: 4,
}

/** Connections that the system has accepted and we not yet: at the usual 511 a crowd makes others try again after seconds. */
const backlog = 4_096

/** How long a working connection may be silent before the system asks whether its peer is still there. */
const probeAfterMs = 30_000

export interface HttpServer {
  host: string
  port: number
  /** For connections and requests that come from now on; nothing where the listener has no TLS. */
  renewTls(tls: HttpTls): void
  /** Stops accepting, lets running requests finish for `graceMs`, then cuts what is left. */
  close(graceMs: number): Promise<void>
}

export interface HttpListen {
  host: string
  /** 0 takes a free port. */
  port: number
  /** Absent: without TLS. */
  tls?: HttpTls
}

/** Serves the app. Rejects with the system's own error (`EADDRINUSE`, `EACCES`, …) when it cannot listen. */
export async function serveHttp(
  app: HttpApp,
  listen: HttpListen,
  limits: HttpLimits = defaultHttpLimits,
): Promise<HttpServer> {
  const server = createServer({
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    maxHeaderSize: limits.headerBytes,
    connectionsCheckingInterval: Math.min(1_000, limits.headersTimeoutMs),
    keepAlive: true,
    keepAliveInitialDelay: probeAfterMs,
  })
  // By default headers beyond the 2,000th are dropped without a word: none may be, and too many are refused below.
  server.maxHeadersCount = 0
  const tls = listen.tls && tlsOrPlain(server, listen.tls, limits.headersTimeoutMs)
  const guard = guardConnections(server, limits, tls?.accepted)
  // The adaptor's own Request and Response would replace the process's; nothing of ours needs that.
  const answer = getRequestListener(app.fetch, { overrideGlobalObjects: false })
  server.on("request", (incoming, outgoing) => {
    if (!guard.admits(incoming, outgoing)) return
    if (tls?.mayAsk(incoming.socket) === false) return refusePlain(outgoing)
    const isTooMany = incoming.rawHeaders.length > 2 * limits.headerCount
    if (isTooMany) outgoing.writeHead(431, { connection: "close" }).end()
    else void answer(incoming, outgoing)
  })
  server.setTimeout(limits.idleTimeoutMs)
  await listening(server, listen)
  const { port } = server.address() as AddressInfo
  return {
    host: listen.host,
    port,
    renewTls: (next) => tls?.renew(next),
    close: async (graceMs) => {
      const closed = closeServer(server, graceMs)
      tls?.cutUndecided()
      await closed
    },
  }
}

/** As RFC 9110, 15.5.22 has it. The connection is closed: what the client has sent after it is not read. */
function refusePlain(outgoing: ServerResponse): void {
  const headers = { connection: "Upgrade, close", upgrade: "TLS/1.3, HTTP/1.1", "content-type": "text/plain" }
  outgoing.writeHead(426, headers).end("This port answers over TLS only: begin the address with https://\n")
}

function listening(server: Server, listen: HttpListen): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject)
    server.listen({ port: listen.port, host: listen.host, backlog }, () => {
      server.off("error", reject)
      resolve()
    })
  })
}

const idleSweepMs = 50

async function closeServer(server: Server, graceMs: number): Promise<void> {
  const cut = startDeadline(graceMs, () => server.closeAllConnections())
  // A connection becomes idle when its last answer is sent; kept alive, it would hold the server open until it times out.
  const sweep = startTicks({ everyMs: idleSweepMs, tick: () => server.closeIdleConnections() })
  await new Promise<void>((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
  })
  sweep.stop()
  cut.end()
}

/**
 * Hands a request to a handler that needs it exactly as sent, and its answer back. A body over the limit is
 * answered by `tooLarge`; the connection is then closed, since the rest of the body is not read.
 */
export async function answerRaw(
  context: Context<HttpEnvironment>,
  handler: WireHandler,
  tooLarge: WireHandler,
  limitBytes: number = defaultHttpLimits.bodyBytes,
): Promise<Response> {
  const incoming = context.env.incoming
  const read = await readBody(incoming, limitBytes)
  const address = incoming.socket.remoteAddress
  const head = requestHead(incoming.method ?? "GET", incoming.url ?? "/", incoming.rawHeaders)
  switch (read.kind) {
    case "read":
      return toResponse(
        await handler({
          ...head,
          body: read.body,
          address,
          isSecure: incoming.socket instanceof TLSSocket,
          gone: goneSignal(context),
        }),
      )
    case "tooLarge": {
      const answer = await tooLarge({ ...head, body: new Uint8Array() })
      return toResponse({ ...answer, headers: { ...answer.headers, connection: "close" } })
    }
    case "broken":
      return new Response(null, { status: 400 })
  }
}

function goneSignal({ env: { outgoing } }: Context<HttpEnvironment>): AbortSignal {
  const gone = new AbortController()
  outgoing.once("close", () => gone.abort())
  return gone.signal
}

function requestHead(method: string, target: string, rawHeaders: string[]): Omit<WireRequest, "body"> {
  const mark = target.indexOf("?")
  const headers: [string, string][] = []
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    headers.push([rawHeaders[at] ?? "", rawHeaders[at + 1] ?? ""])
  }
  return {
    method,
    path: mark < 0 ? target : target.slice(0, mark),
    query: mark < 0 ? "" : target.slice(mark + 1),
    headers,
  }
}

function toResponse(answer: WireResponse): Response {
  const { status, headers } = answer
  // An answer without content may not have even an empty body.
  return new Response(status === 204 ? null : (answer.stream ?? answer.body), { status, headers })
}
