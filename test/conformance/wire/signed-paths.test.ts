import assert from "node:assert/strict"
import { after, before, describe, test } from "node:test"
import { type ServedDoor, serveDoor } from "../served-door.ts"
import { send, signed } from "./raw-http.ts"

/** What an ARN in a path looks like on the wire; the signature is over the same encoded once more. */
const path = "/tags/arn%3Aaws%3Aprofile%3Aus-east-1%3A123456789012%3Adomains%2Fshop%20a"

describe("paths that are encoded", () => {
  let door: ServedDoor
  before(async () => {
    door = await serveDoor()
  })
  after(() => door.close())

  const toProfile = async () =>
    await signed({
      port: door.port,
      service: "profile",
      method: "GET",
      path,
      body: "",
      query: { tagKeys: "a/b c" },
    })

  test("verify as the official signer signs them", async () => {
    const answer = await send(door.port, await toProfile())
    // It got past the signature: no such domain is there.
    assert.equal(answer.headers["x-amzn-errortype"], "ResourceNotFoundException", answer.body)
  })

  test("and in no other spelling of the same path", async () => {
    const raw = await toProfile()
    for (const other of [
      path.replaceAll("%3A", ":"),
      path.replace("%2F", "/"),
      path.replace("%20", "%2520"),
    ]) {
      const target = raw.target.replace(path, other)
      assert.notEqual(target, raw.target)
      const answer = await send(door.port, { ...raw, target })
      assert.equal(answer.headers["x-amzn-errortype"], "InvalidSignatureException", other)
    }
  })
})
