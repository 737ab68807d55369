import { connect, type Socket } from "node:net"
import { Hono } from "hono"
import type { WireRequest, WireResponse } from "../../src/wire/http/message.ts"
import {
  answerRaw,
  defaultHttpLimits,
  type HttpEnvironment,
  type HttpLimits,
  type HttpServer,
  serveHttp,
} from "../../src/wire/http/server.ts"
import type { HttpTls } from "../../src/wire/http/tls-or-plain.ts"

/** A server on a free port of 127.0.0.1 that gives every request to `answer`. */
export async function served(
  work: (server: HttpServer, seen: WireRequest[]) => Promise<void>,
  { tls, ...limits }: Partial<HttpLimits> & { tls?: HttpTls } = {},
  answer: (request: WireRequest) => Promise<WireResponse> = async () => ({
    status: 200,
    headers: {},
    body: "fine",
  }),
): Promise<void> {
  const seen: WireRequest[] = []
  const app = new Hono<HttpEnvironment>()
  const handler = (request: WireRequest) => {
    seen.push(request)
    return answer(request)
  }
  const tooLarge = async () => ({ status: 413, headers: {}, body: "too large" })
  app.all("*", (context) => answerRaw(context, handler, tooLarge, limits.bodyBytes))
  const server = await serveHttp(
    app,
    { host: "127.0.0.1", port: 0, ...(tls && { tls }) },
    { ...defaultHttpLimits, ...limits },
  )
  try {
    await work(server, seen)
  } finally {
    await server.close(0)
  }
}

/** Writes the text and returns everything that comes back until the server closes the connection. */
export async function talk(port: number, text: string, andEnd = false): Promise<string> {
  const socket = connect(port, "127.0.0.1")
  socket.write(text, "latin1")
  if (andEnd) socket.end()
  return received(socket)
}

/** What a socket receives until it is closed, by whoever. */
export async function received(socket: Socket): Promise<string> {
  const chunks: Buffer[] = []
  socket.on("data", (chunk) => chunks.push(chunk))
  // The server may cut what it no longer reads; what it said before counts.
  socket.on("error", () => socket.destroy())
  await new Promise((resolve) => socket.once("close", resolve))
  return Buffer.concat(chunks).toString()
}
