import assert from "node:assert/strict"
import { createHmac } from "node:crypto"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import type { TestContext } from "node:test"
import { signedHeaders } from "../../src/wire/sigv4/sign.ts"
import { atEnd } from "./clean-up.ts"
import { accessKeyId, type Place, region, secretAccessKey } from "./place.ts"

/** An event as receivers get it. */
export interface Envelope {
  id: string
  source: string
  resources: string[]
  detail: { eventId: string; message: string; status: string }
}

export interface Follower {
  ids: string[]
  events: Envelope[]
  close(): void
}

/** Follows `/events` of a process. */
export async function follow(context: TestContext, place: Place, lastEventId?: string): Promise<Follower> {
  const host = `127.0.0.1:${place.httpPort}`
  const signer = { accessKeyId, secretAccessKey, region, service: "millrace" }
  const headers = {
    ...signedHeaders("GET", "/events", host, signer),
    ...(lastEventId !== undefined && { "last-event-id": lastEventId }),
  }
  const ending = new AbortController()
  const response = await fetch(`http://${host}/events`, { headers, signal: ending.signal })
  assert.equal(response.status, 200)
  assert.equal(response.headers.get("content-type"), "text/event-stream")
  const follower: Follower = { ids: [], events: [], close: () => ending.abort() }
  atEnd(context, async () => ending.abort())
  void read(response, follower).catch(() => undefined)
  return follower
}

async function read({ body }: Response, { ids, events }: Follower): Promise<void> {
  let text = ""
  for await (const chunk of body ?? []) {
    text += Buffer.from(chunk).toString()
    const messages = text.split("\n\n")
    text = messages.pop() ?? ""
    for (const message of messages) {
      const field = (name: string) => message.match(new RegExp(`^${name}: (.*)$`, "m"))?.[1]
      const [id, data] = [field("id"), field("data")]
      if (id === undefined || data === undefined) continue
      ids.push(id)
      events.push(JSON.parse(data))
    }
  }
}

export interface Hook {
  url: string
  taken: Envelope[]
  posts: number
  /** What it answers until told otherwise. */
  status: number
}

export const webhookSecret = "wEbHoOk-SeCrEt-MARKER"

/** A receiver of a webhook. */
export async function hook(context: TestContext): Promise<Hook> {
  const state: Hook = { url: "", taken: [], posts: 0, status: 200 }
  const server = createServer((request, response) => {
    let body = ""
    request.on("data", (chunk) => {
      body += chunk
    })
    request.on("end", () => {
      state.posts++
      const expected = createHmac("sha256", webhookSecret).update(
        `${request.headers["millrace-timestamp"]}.${body}`,
      )
      const isSigned = request.headers["millrace-signature"] === `v1=${expected.digest("hex")}`
      const status = isSigned ? state.status : 401
      if (status === 200) state.taken.push(JSON.parse(body))
      response.writeHead(status).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  atEnd(context, async () => void server.close())
  state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
  return state
}
