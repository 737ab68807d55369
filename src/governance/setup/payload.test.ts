import assert from "node:assert/strict"
import { test } from "node:test"
import { Fault } from "../../domain/faults.ts"
import { readPayload, readRemoval, shownConfig } from "./payload.ts"

const config = {
  host: "db.example",
  database: "immuta",
  initialDatabase: "SAMPLE",
  authenticationType: "userPassword",
  username: "taylor@example.com",
  password: "abc1234",
}
const body = (changes: object = {}) => ({
  type: "Redshift",
  autoBootstrap: true,
  config: { ...config, ...changes },
})
const okta = { username: "t", password: "p", appId: "Okta", idpHost: "o.okta.com", role: "admin" }
const oktaConfig = { authenticationType: "okta", username: undefined, password: undefined, okta }
const withoutUndefined = (value: unknown) => JSON.parse(JSON.stringify(value))

test("defaults are filled in, and secrets are not shown", () => {
  assert.deepEqual(shownConfig(readPayload(body()).config), {
    host: "db.example",
    database: "immuta",
    initialDatabase: "SAMPLE",
    port: 5439,
    impersonation: { enabled: false },
    authenticationType: "userPassword",
    username: "<REDACTED>",
    password: "<REDACTED>",
  })
  const enabled = readPayload(withoutUndefined(body({ ...oktaConfig, impersonation: { enabled: true } })))
  assert.deepEqual(withoutUndefined(shownConfig(enabled.config)), {
    host: "db.example",
    database: "immuta",
    initialDatabase: "SAMPLE",
    port: 5439,
    impersonation: { enabled: true, role: "immuta_impersonation" },
    authenticationType: "okta",
    okta: { username: "<REDACTED>", appId: "Okta", idpHost: "o.okta.com", role: "admin" },
  })
})

const refused: [unknown, string][] = [
  [undefined, "/ must be an object"],
  [[], "/ must be an object"],
  [{}, "/type must be Redshift, written so"],
  [{ ...body(), type: "redshift" }, "/type must be Redshift, written so"],
  [{ ...body(), autoBootstrap: undefined }, "/autoBootstrap is required"],
  [{ ...body(), autoBootstrap: "true" }, "/autoBootstrap must be true or false"],
  [{ ...body(), more: 1 }, "/more is not known"],
  [body({ "a/b~": 1 }), "/config/a~1b~0 is not known"],
  [body({ host: undefined }), "/config/host is required"],
  [body({ host: "https://db.example" }), "/config/host must be a host name without scheme, port or path"],
  [body({ host: "db.example:5439" }), "/config/host must be a host name without scheme, port or path"],
  [body({ host: " db" }), "/config/host must not begin or end with blanks"],
  [
    body({ database: 'x"; DROP' }),
    "/config/database must be letters, digits, _ and $, and not begin with a digit or $",
  ],
  [body({ database: "a".repeat(128) }), "/config/database must have at most 127 bytes"],
  [body({ port: 0 }), "/config/port must be 1 to 65535"],
  [body({ port: "5439" }), "/config/port must be a whole number"],
  [body({ password: "<REDACTED>" }), "/config/password must be the real value, not <REDACTED>"],
  [body({ password: undefined }), "/config/password is required when authenticationType is userPassword"],
  [body({ okta }), "/config/okta does not go with authenticationType userPassword"],
  [body({ authenticationType: "accessKey" }), "/config/authenticationType must be userPassword or okta"],
  [
    body({ impersonation: { enabled: true, role: "a b" } }),
    "/config/impersonation/role must be letters, digits, _ and $, and not begin with a digit or $",
  ],
]
for (const [given, reason] of refused)
  test(`a body is refused by its place and reason: ${reason}`, () => {
    assert.throws(
      () => readPayload(withoutUndefined({ given }).given),
      (error) => error instanceof Fault && error.message === `Invalid request payload: ${reason}`,
    )
  })

test("other types are not available, removals are flat", () => {
  assert.throws(
    () => readPayload({ type: "Snowflake" }),
    (error) => error instanceof Fault && error.kind === "unsupported",
  )
  const removal = { authenticationType: "userPassword", username: "u", password: "p" }
  assert.deepEqual(readRemoval(removal), { type: "userPassword", username: "u", password: "p" })
  assert.throws(() => readRemoval({ config: removal }), Fault)
})
