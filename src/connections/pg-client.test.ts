import assert from "node:assert/strict"
import { test } from "node:test"
import { driverConfig } from "./pg-client.ts"

function withSslMode<T>(mode: string, run: () => T): T {
  const before = process.env.PGSSLMODE
  process.env.PGSSLMODE = mode
  try {
    return run()
  } finally {
    if (before === undefined) delete process.env.PGSSLMODE
    else process.env.PGSSLMODE = before
  }
}

test("PGSSLMODE holds where a url says nothing of TLS, and only there", () => {
  const sslOf = (url: string) => driverConfig({ url }).ssl
  assert.equal(sslOf("postgres://shop.example/db"), false)
  withSslMode("verify-full", () => {
    assert.notEqual(sslOf("postgres://shop.example/db"), false)
    assert.equal(sslOf("postgres://shop.example/db?sslmode=disable"), false)
    assert.equal(sslOf("postgres://db?host=/run/postgresql"), false, "through a socket of this machine")
  })
  withSslMode("disable", () => assert.equal(sslOf("postgres://shop.example/db"), false))
})
