import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { governedServerTls } from "./governed-server-tls.ts"

const blank = { validateEveryMs: 1_000, okta: { hosts: [] } }

describe("TLS to governed servers", () => {
  it("verifies the name of a server of another machine, where nothing is configured", () => {
    const mode = (host: string) => governedServerTls({ ...blank, servers: [] }, host).mode
    assert.deepEqual(["db.example", "10.0.0.7", "localhost.example"].map(mode), Array(3).fill("verify-full"))
    assert.deepEqual(["localhost", "127.0.0.1", "::1"].map(mode), Array(3).fill("prefer"))
  })

  it("is as the host's entry says, else as the block for all", () => {
    const tls = { mode: "verify-ca", ca: "/ca.pem" } as const
    const servers = [{ host: "DB.example", tls: { mode: "off" } }] as const
    const of = (host: string) => governedServerTls({ ...blank, tls, servers: [...servers] }, host)
    assert.deepEqual([of("db.example"), of("localhost")], [{ mode: "off" }, tls])
  })
})
