import assert from "node:assert/strict"
import { test } from "node:test"
import { listenerWarnings } from "./listener-warnings.ts"

const at = (host: string) => ({ host, port: 1 })
const concerns = (listen: Parameters<typeof listenerWarnings>[0]) =>
  listenerWarnings(listen).map((one) => one.split(" ")[0])

test("ports that other machines can read are warned of", () => {
  for (const host of ["127.0.0.1", "127.8.0.1", "::1", "localhost"])
    assert.deepEqual(concerns({ http: at(host), sql: at(host), tls: { unencrypted: "anywhere" } }), [])
  for (const host of ["0.0.0.0", "::", "10.0.0.7", "127.example.com", "db.example.com"]) {
    assert.deepEqual(concerns({ http: at(host), sql: at(host) }), ["listen.http"], host)
    const open = { http: at(host), sql: at(host), tls: { unencrypted: "anywhere" as const } }
    assert.deepEqual(concerns(open), ["listen.http", "listen.sql"], host)
    assert.deepEqual(concerns({ http: at("::1"), sql: at("::1"), health: at(host) }), ["listen.health"])
    assert.deepEqual(concerns({ ...open, http: at("::1"), tls: { unencrypted: "loopback" } }), [])
    const secured = { unencrypted: "loopback" as const, cert: "cert.pem", key: "key.pem" }
    assert.deepEqual(concerns({ ...open, tls: secured }), [])
    assert.deepEqual(concerns({ ...open, tls: { ...secured, httpUnencrypted: "anywhere" } }), ["listen.http"])
  }
})
