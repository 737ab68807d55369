// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of millrace.yaml are written so
import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { engines } from "../../server/registries.ts"
import { shownConfiguration } from "./shown.ts"

const shownUrls: [written: string, shown: string][] = [
  ["postgres://app:s3cret@h/d", "postgres://app:(hidden)@h/d"],
  ["postgres://app:${PW}@h/d", "postgres://app:${PW}@h/d"],
  ["postgres://app:s3cret${file:/run/pw}@h/${DB}", "postgres://app:(hidden)${file:/run/pw}@h/${DB}"],
  ["postgres://app:$${s3cret}@h/d", "postgres://app:(hidden)@h/d"],
  [
    "postgres://app@h/d?password=s3cret&sslmode=require",
    "postgres://app@h/d?password=(hidden)&sslmode=require",
  ],
  ["postgres://h/d", "postgres://h/d"],
]

describe("the configuration that is shown", () => {
  for (const [url, shown] of shownUrls)
    it(`has no password in ${url.replaceAll("s3cret", "…")}`, () => {
      const document = shownConfiguration({ state: url }, engines) as { state: string }
      assert.equal(document.state, shown)
    })

  it("has the usual values of what is left out, by the engine of an entry", () => {
    const warehouse = { arn: "x", engine: "postgres", url: "postgres://h/d" }
    const document = shownConfiguration({ warehouses: [warehouse] }, engines) as Record<string, unknown>
    assert.deepEqual(document.warehouses, [
      { ...warehouse, cluster: "millrace", auto_create_database: true, layout: "databases" },
    ])
    assert.deepEqual(document.listen, { http: "127.0.0.1:5440", sql: "127.0.0.1:5439" })
  })

  it("hides every key that is marked as a secret, in lists too", () => {
    const document = shownConfiguration(
      {
        credentials: [{ access_key_id: "A", secret_access_key: "s3cret", policy: "admin" }],
        sql_users: [
          { name: "a", password: "s3cret", policy: "admin" },
          { name: "b", password: "${B}" },
        ],
        kms_keys: [{ arn: "k", key: "s3cret", previous: ["s3cret"] }],
        events: { webhook: "https://h/", secret: "s3cret" },
        sources: [{ engine: "s3", secret_access_key: "s3cret", event_secret: "s3cret" }],
        warehouses: [
          {
            engine: "redshift",
            sign_in: { kind: "okta", password: "s3cret" },
            staging: { session_token: "s3cret" },
          },
        ],
      },
      engines,
    )
    const text = JSON.stringify(document)
    assert.doesNotMatch(text, /s3cret/)
    assert.equal(text.match(/\(hidden\)/g)?.length, 9)
    assert.match(text, /"password":"\$\{B\}"/)
  })
})
