import assert from "node:assert/strict"
import { test } from "node:test"
import type { WireRequest } from "../../wire/http/message.ts"
import { asSent, isSecure, pathWithin, prefixOf, requirePrivate, trustedList } from "./request-checks.ts"

const closed = { pathPrefix: "", allowPlain: false, trustedProxies: [], users: [] }

function request(address: string, headers: Record<string, string> = {}): WireRequest {
  const head = {
    method: "GET",
    path: "/",
    query: "",
    headers: Object.entries(headers),
    body: new Uint8Array(),
  }
  return { ...head, address }
}

test("other machines are served over TLS only, unless the configuration says otherwise", () => {
  const refused = { code: "plainRefused" }
  assert.throws(() => requirePrivate(request("192.0.2.7"), closed), refused)
  assert.throws(() => requirePrivate(request("192.0.2.7", { "x-forwarded-proto": "https" }), closed), refused)
  for (const fine of [
    request("127.0.0.1"),
    request("::1"),
    request("::ffff:127.0.0.1"),
    { ...request("192.0.2.7"), isSecure: true },
  ])
    requirePrivate(fine, closed)
  requirePrivate(request("192.0.2.7"), { ...closed, allowPlain: true })
})

test("a proxy on this machine says whether its client spoke TLS; nobody else does", () => {
  assert.equal(isSecure(request("127.0.0.1", { "X-Forwarded-Proto": "https" })), true)
  assert.equal(isSecure(request("127.0.0.1", { "x-forwarded-proto": "http" })), false)
  assert.equal(isSecure(request("192.0.2.7", { "x-forwarded-proto": "https" })), false)
})

test("only trusted proxies say from where a request came, and that it came over TLS", () => {
  const trusted = trustedList(["10.1.0.0/16", "2001:db8::7", "192.0.2.9"])
  const sent = (peer: string, forwarded: string, more: Record<string, string> = {}) =>
    asSent(request(peer, { "x-forwarded-for": forwarded, ...more }), trusted)
  assert.equal(sent("10.1.2.3", "198.51.100.4").address, "198.51.100.4")
  assert.equal(sent("::ffff:10.1.2.3", "1.1.1.1, 198.51.100.4 , 192.0.2.9").address, "198.51.100.4")
  assert.equal(sent("2001:db8::7", "2001:db8::8").address, "2001:db8::8")
  assert.equal(sent("10.2.2.3", "198.51.100.4").address, "10.2.2.3")
  assert.equal(sent("127.0.0.1", "198.51.100.4").address, "127.0.0.1")
  for (const none of ["", "unknown", "10.1.0.9", "198.51.100.4, nonsense"])
    assert.equal(sent("10.1.2.3", none).address, "10.1.2.3", none)
  const https = { "x-forwarded-proto": "https" }
  assert.equal(sent("10.1.2.3", "198.51.100.4", https).isSecure, true)
  assert.equal(sent("10.2.2.3", "198.51.100.4", https).isSecure, false)
  assert.throws(() => requirePrivate(sent("10.1.2.3", "198.51.100.4"), closed), { code: "plainRefused" })
})

test("a prefix is taken from the proxy where it is a plain path, and cut off where the proxy left it", () => {
  const sent = (prefix: string) => prefixOf(request("127.0.0.1", { "x-forwarded-prefix": prefix }), "/own")
  assert.equal(sent("/mill"), "/mill")
  assert.equal(sent("/a/b.c/"), "/a/b.c")
  for (const bad of [
    "mill",
    "//evil.example",
    "/..",
    "/a/../b",
    '/"><script>',
    "/a b",
    `/${"a".repeat(300)}`,
  ])
    assert.equal(sent(bad), "/own", bad)
  assert.equal(sent(""), "/own")
  assert.equal(pathWithin("/mill/console/x", "/mill"), "/console/x")
  assert.equal(pathWithin("/mill", "/mill"), "/")
  assert.equal(pathWithin("/millrace/console", "/mill"), "/millrace/console")
  assert.equal(pathWithin("/console/", "/mill"), "/console/")
})
