import assert from "node:assert/strict"
import { createHmac } from "node:crypto"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import type { TestContext } from "node:test"

export interface Received {
  id: string
  path: string
  record: Record<string, unknown>
}

/** A webhook that takes what it is sent, or answers as told. */
export interface Receiver {
  url: string
  taken: Received[]
  posts: number
  /** What it answers to a record. Default: 200. */
  answer(record: Record<string, unknown>): number
}

export const receiverSecret = "profile-events-SECRET"

/** On a free port; each message has to be signed. */
export async function receiver(context: TestContext): Promise<Receiver> {
  const state: Receiver = { url: "", taken: [], posts: 0, answer: () => 200 }
  const server = createServer((request, response) => {
    let body = ""
    request.on("data", (chunk) => {
      body += chunk
    })
    request.on("end", () => {
      state.posts += 1
      const { "millrace-timestamp": timestamp, "millrace-signature": signature } = request.headers
      const expected = createHmac("sha256", receiverSecret).update(`${timestamp}.${body}`).digest("hex")
      assert.equal(signature, `v1=${expected}`)
      const record = JSON.parse(body) as Record<string, unknown>
      const status = state.answer(record)
      if (status === 200)
        state.taken.push({ id: String(request.headers["millrace-event"]), path: request.url ?? "", record })
      response.writeHead(status).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`
  return state
}
