import assert from "node:assert/strict"
import { createHmac } from "node:crypto"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { type TestContext, test } from "node:test"
import { signedHeaders } from "../../../src/wire/sigv4/sign.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { atEnd } from "../clean-up.ts"
import { accessKeyId, newPlace, type Place, region, secretAccessKey, sourceArn } from "../place.ts"
import { apiOf } from "../rds.ts"
import { bank } from "../source.ts"
import { onDatabase } from "../workload.ts"

interface Envelope {
  id: string
  source: string
  resources: string[]
  detail: { eventId: string; message: string; status: string }
}

interface Follower {
  ids: string[]
  events: Envelope[]
  close(): void
}

async function follow(context: TestContext, place: Place, lastEventId?: string): Promise<Follower> {
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

const numbers = (events: readonly Envelope[]) => events.map(({ detail }) => detail.eventId.split("-").at(-1))

test("an integration's life as events, told as they come and again after an id; only to those who may", async (context) => {
  const { url, name } = await bank(context)
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url }] })
  await place.start()
  assert.equal((await fetch(`http://127.0.0.1:${place.httpPort}/events`)).status, 403)
  const live = await follow(context, place)
  const api = apiOf(place)
  const arn = await api.create("bank", `include: ${name}.public.*`)
  await api.becomes("bank", "active")
  await api.filter("bank", `include: ${name}.public.*, exclude: ${name}.public.journal`)
  await api.becomes("bank", "active")
  await api.rename("bank", "shore")
  await onDatabase(url, (client) => client.query('CREATE TABLE "ACCOUNTS" (id int PRIMARY KEY)'))
  await api.becomes("shore", "needs_attention")
  await onDatabase(url, (client) => client.query('DROP TABLE "ACCOUNTS"'))
  await api.filter("shore", `include: ${name}.public.sentinel`)
  await api.becomes("shore", "active")
  await api.delete("shore")
  await api.gone("shore")
  const expected = ["0000", "0016", "0017", "0016", "0017", "0005", "0016", "0017", "0002", "0001"]
  await waitUntil(() => live.events.length >= expected.length, { what: "all events" })
  assert.deepEqual(numbers(live.events), expected)
  assert.match(live.events[5]?.detail.message ?? "", /ACCOUNTS/)
  assert.ok(live.events.every(({ resources }) => resources[0] === arn))
  const again = await follow(context, place, live.ids[3])
  await waitUntil(() => again.events.length >= expected.length - 4, { what: "the later events" })
  assert.deepEqual(again.events, live.events.slice(4))
})

interface Hook {
  url: string
  taken: Envelope[]
  posts: number
  /** What it answers until told otherwise. */
  status: number
}

const secret = "wEbHoOk-SeCrEt-MARKER"

async function hook(context: TestContext): Promise<Hook> {
  const state: Hook = { url: "", taken: [], posts: 0, status: 200 }
  const server = createServer((request, response) => {
    let body = ""
    request.on("data", (chunk) => {
      body += chunk
    })
    request.on("end", () => {
      state.posts++
      const expected = createHmac("sha256", secret).update(`${request.headers["millrace-timestamp"]}.${body}`)
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

test("a webhook is told everything in order, signed, though it fails and Millrace is killed", async (context) => {
  const { url, name } = await bank(context)
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url }] })
  const receiver = await hook(context)
  await place.configure((configuration) => {
    configuration.events = { webhook: receiver.url, secret }
  })
  const first = await place.start()
  const api = apiOf(place)
  await api.create("bank", `include: ${name}.public.*`)
  await waitUntil(() => receiver.taken.length === 1, { what: "the first event" })
  receiver.status = 503
  await api.rename("bank", "shore")
  await waitUntil(() => receiver.posts >= 3, { what: "a second try" })
  await first.kill9()
  receiver.status = 200
  await place.start()
  await api.delete("shore")
  await waitUntil(() => receiver.taken.length >= 5, { what: "all events" })
  assert.deepEqual(numbers(receiver.taken), ["0000", "0016", "0017", "0002", "0001"])
  assert.equal(new Set(receiver.taken.map(({ id }) => id)).size, 5)
  assert.ok(!place.output().includes(secret))
})
