import assert from "node:assert/strict"
import { after, before, describe, test } from "node:test"
import { admin, type ServedDoor, serveDoor } from "../served-door.ts"
import {
  describeBody,
  formType,
  type RawRequest,
  type SignOptions,
  send,
  signed,
  withHeader,
} from "./raw-http.ts"

describe("signatures, over raw HTTP", () => {
  let door: ServedDoor
  before(async () => {
    door = await serveDoor()
  })
  after(() => door.close())

  const sign = (options: Partial<SignOptions> = {}) => signed({ port: door.port, ...options })

  async function refuses(raw: RawRequest, status: number, code: string, message?: RegExp): Promise<void> {
    const answer = await send(door.port, raw)
    assert.equal(answer.code, code, answer.body)
    assert.equal(answer.status, status)
    if (message !== undefined) assert.match(answer.body, message)
    assertWellFormedError(answer.body, String(answer.headers["x-amzn-requestid"]))
  }

  async function accepts(raw: RawRequest): Promise<void> {
    const answer = await send(door.port, raw)
    assert.equal(answer.status, 200, answer.body)
    assert.match(answer.body, /<DescribeIntegrationsResult>/)
  }

  function assertWellFormedError(body: string, requestId: string): void {
    assert.match(body, /<ErrorResponse[^>]*><Error><Type>Sender<\/Type><Code>/)
    assert.ok(body.includes(`</Error><RequestId>${requestId}</RequestId></ErrorResponse>`), body)
  }

  const authorization = (raw: RawRequest, change: (value: string) => string) =>
    withHeader(raw, "authorization", change)

  test("a request signed by the official signer is accepted, with and without a payload header", async () => {
    await accepts(await sign())
    await accepts(await sign({ payloadHeader: false }))
    await accepts(
      await sign({
        method: "GET",
        body: "",
        query: { Action: "DescribeIntegrations", Version: "2014-10-31" },
      }),
    )
  })

  test("no credentials", async () => {
    const bare: RawRequest = {
      method: "POST",
      target: "/",
      headers: [
        ["host", `127.0.0.1:${door.port}`],
        ["content-type", formType],
      ],
      body: describeBody,
    }
    await refuses(bare, 403, "MissingAuthenticationToken")
    await refuses(
      { ...bare, headers: [...bare.headers, ["authorization", ""]] },
      403,
      "MissingAuthenticationToken",
    )
    await refuses({ ...bare, body: "" }, 403, "MissingAuthenticationToken")
  })

  test("a tampered body, with and without a payload header", async () => {
    const body = "Action=DeleteIntegration&Version=2014-10-31&IntegrationIdentifier=x"
    await refuses({ ...(await sign()), body }, 403, "SignatureDoesNotMatch", /x-amz-content-sha256/)
    await refuses({ ...(await sign({ payloadHeader: false })), body }, 403, "SignatureDoesNotMatch")
  })

  test("a tampered payload header, also to UNSIGNED-PAYLOAD", async () => {
    const raw = await sign()
    await refuses(
      withHeader(raw, "x-amz-content-sha256", () => "UNSIGNED-PAYLOAD"),
      403,
      "SignatureDoesNotMatch",
    )
    await refuses(
      withHeader(raw, "x-amz-content-sha256", (hash) => hash.toUpperCase()),
      403,
      "SignatureDoesNotMatch",
    )
    const unsignedPayload = await sign({ headers: { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" } })
    await refuses(unsignedPayload, 403, "SignatureDoesNotMatch")
  })

  test("a tampered method, path or query", async () => {
    const raw = await sign({ payloadHeader: false })
    await refuses({ ...raw, method: "PUT" }, 403, "SignatureDoesNotMatch")
    for (const target of ["/x", "//", "/./", "/%2e/", "/?Action=DeleteIntegration", "/?", "/?&"]) {
      if (target === "/?" || target === "/?&") await accepts({ ...raw, target })
      else await refuses({ ...raw, target }, 403, "SignatureDoesNotMatch")
    }
    const get = await sign({
      method: "GET",
      body: "",
      query: { Action: "DescribeIntegrations", Version: "2014-10-31" },
    })
    await refuses({ ...get, target: get.target.replace("Describe", "Delete") }, 403, "SignatureDoesNotMatch")
    await refuses({ ...get, target: `${get.target}&MaxRecords=20` }, 403, "SignatureDoesNotMatch")
    const reordered = `/?${get.target.slice(2).split("&").reverse().join("&")}`
    await accepts({ ...get, target: reordered })
  })

  test("a malformed percent-encoding in the query", async () => {
    const raw = await sign({ payloadHeader: false })
    await refuses({ ...raw, target: "/?a=%zz" }, 404, "MalformedQueryString")
  })

  test("a tampered, dropped or added signed header", async () => {
    const raw = await sign({ headers: { "x-amz-user-agent": "test" } })
    await refuses(
      withHeader(raw, "x-amz-user-agent", () => "other"),
      403,
      "SignatureDoesNotMatch",
    )
    await refuses(
      withHeader(raw, "content-type", () => "application/x-www-form-urlencoded"),
      403,
      "SignatureDoesNotMatch",
    )
    await refuses(
      withHeader(raw, "host", () => "elsewhere.example"),
      403,
      "SignatureDoesNotMatch",
    )
    const dropped = { ...raw, headers: raw.headers.filter(([name]) => name !== "x-amz-user-agent") }
    await refuses(dropped, 403, "SignatureDoesNotMatch", /'x-amz-user-agent' is not in the request/)
    const added: RawRequest = { ...raw, headers: [...raw.headers, ["x-amz-target", "Something.Else"]] }
    await refuses(added, 403, "SignatureDoesNotMatch", /'x-amz-target' must be a 'SignedHeader'/)
  })

  test("host and date left out of the signed headers", async () => {
    const raw = await sign()
    for (const name of ["host", "x-amz-date"]) {
      const without = authorization(raw, (value) => value.replace(`${name};`, "").replace(`;${name}`, ""))
      await refuses(without, 403, "SignatureDoesNotMatch", new RegExp(`'${name}' must be a 'SignedHeader'`))
    }
  })

  test("duplicated headers", async () => {
    const raw = await sign()
    for (const name of ["x-amz-date", "x-amz-content-sha256", "content-type", "authorization"]) {
      const copy = raw.headers.find(([key]) => key === name)
      assert.ok(copy)
      await refuses({ ...raw, headers: [...raw.headers, copy] }, 400, "IncompleteSignature")
    }
    const host = await send(door.port, { ...raw, headers: [...raw.headers, ["host", "other"]] })
    assert.equal(host.status, 400)
  })

  test("an old request, and one from the future: five minutes and no more", async () => {
    const minutes = (count: number) => new Date(Date.now() + count * 60_000)
    await refuses(await sign({ signedAt: minutes(-5.1) }), 400, "RequestExpired", /more than 5 minutes/)
    await refuses(await sign({ signedAt: minutes(5.1) }), 400, "RequestExpired")
    await refuses(await sign({ signedAt: new Date("2001-01-01T00:00:00Z") }), 400, "RequestExpired")
    await accepts(await sign({ signedAt: minutes(-4.8) }))
    await accepts(await sign({ signedAt: minutes(4.8) }))
  })

  test("a date that is not the one signed", async () => {
    const raw = await sign()
    const now = new Date(Date.now() + 30_000).toISOString().replaceAll(/[-:]|\.\d+/g, "")
    await refuses(
      withHeader(raw, "x-amz-date", () => now),
      403,
      "SignatureDoesNotMatch",
    )
    for (const date of ["", "yesterday", "2026-01-01T00:00:00Z", "20261340T000000Z", "20260101T000000"]) {
      await refuses(
        withHeader(raw, "x-amz-date", () => date),
        400,
        "IncompleteSignature",
      )
    }
    const noDate = { ...raw, headers: raw.headers.filter(([name]) => name !== "x-amz-date") }
    await refuses(noDate, 400, "IncompleteSignature")
  })

  test("another region, service, day or terminator", async () => {
    await refuses(
      await sign({ region: "eu-west-1" }),
      403,
      "SignatureDoesNotMatch",
      /valid region: this is 'us-east-1'/,
    )
    await refuses(await sign({ service: "s3" }), 403, "SignatureDoesNotMatch", /correct service/)
    const raw = await sign()
    await refuses(
      authorization(raw, (value) => value.replace("aws4_request", "aws5_request")),
      403,
      "SignatureDoesNotMatch",
      /terminator/,
    )
    await refuses(
      authorization(raw, (value) => value.replace(/\/\d{8}\//, "/20010101/")),
      403,
      "SignatureDoesNotMatch",
      /Date in Credential scope/,
    )
    await refuses(
      authorization(raw, (value) => value.replace("/rds/", "/redshift/")),
      403,
      "SignatureDoesNotMatch",
    )
  })

  test("an unknown key, and a known key with another secret", async () => {
    await refuses(await sign({ accessKeyId: "AKIDNOBODY" }), 403, "InvalidClientTokenId")
    await refuses(await sign({ secretAccessKey: "wrong" }), 403, "SignatureDoesNotMatch")
    await refuses(await sign({ accessKeyId: "__proto__" }), 403, "InvalidClientTokenId")
  })

  test("a session token", async () => {
    await refuses(
      await sign({ sessionToken: "FwoGZXIvYXdzEXAMPLE" }),
      403,
      "InvalidClientTokenId",
      /[Ss]ession tokens/,
    )
  })

  test("a presigned query", async () => {
    const { authorization: header, ...rest } = Object.fromEntries((await sign()).headers)
    assert.ok(header)
    const scope = encodeURIComponent(/Credential=([^,]+)/.exec(header)?.[1] ?? "")
    const target = `/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${scope}&X-Amz-SignedHeaders=host&X-Amz-Signature=00`
    const raw: RawRequest = { method: "POST", target, headers: Object.entries(rest), body: describeBody }
    await refuses(raw, 400, "IncompleteSignature", /Presigned/)
  })

  test("malformed Authorization headers", async () => {
    const raw = await sign()
    const changes: ((value: string) => string)[] = [
      () => "Basic YWRtaW46YWRtaW4=",
      () => "AWS4-HMAC-SHA256",
      () => "AWS4-HMAC-SHA256 ",
      () => "AWS4-HMAC-SHA256 ,,,",
      (value) => value.replace("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"),
      (value) => value.replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"),
      (value) => value.replace(/Signature=[0-9a-f]+/, "Signature="),
      (value) => value.replace(/Signature=([0-9a-f]+)/, (_, hex) => `Signature=${hex.toUpperCase()}`),
      (value) => value.replace(/Signature=([0-9a-f]{2})/, "Signature="),
      (value) => `${value}00`,
      (value) => `${value}, Signature=${"0".repeat(64)}`,
      (value) => value.replace(/SignedHeaders=[^,]+/, "SignedHeaders="),
      (value) => value.replace("SignedHeaders=", "SignedHeaders=zz;"),
      (value) => value.replace("host", "Host"),
      (value) => value.replace(/Credential=[^,]+/, "Credential="),
      (value) => value.replace(/Credential=[^/]+/, "Credential="),
      (value) => value.replace("/aws4_request", ""),
      (value) => value.replace("/aws4_request", "/aws4_request/more"),
    ]
    for (const change of changes) {
      const answer = await send(door.port, authorization(raw, change))
      assert.equal(answer.code, "IncompleteSignature", change.toString())
      assert.equal(answer.status, 400)
    }
  })

  test("every single changed digit of a signature is seen", async () => {
    const raw = await sign()
    for (let at = 0; at < 64; at += 7) {
      const flipped = authorization(raw, (value) => flipDigit(value, at))
      await refuses(flipped, 403, "SignatureDoesNotMatch")
    }
  })

  function flipDigit(value: string, at: number): string {
    const start = value.indexOf("Signature=") + "Signature=".length + at
    const digit = value[start] === "0" ? "1" : "0"
    return value.slice(0, start) + digit + value.slice(start + 1)
  }

  test("neither log nor answers hold a secret, a signature or an unknown key id", async () => {
    const raw = await sign()
    const header = raw.headers.find(([name]) => name === "authorization")?.[1] ?? ""
    const signature = /Signature=([0-9a-f]{64})/.exec(header)?.[1] ?? assert.fail("unsigned")
    door.logLines.length = 0
    await accepts(raw)
    const pasted = await sign({ accessKeyId: "SECRETPASTEDASKEY" })
    const answer = await send(door.port, pasted)
    const all = [...door.logLines, answer.body].join("\n")
    for (const secret of [
      admin.secretAccessKey,
      signature,
      "SECRETPASTEDASKEY",
      "Authorization",
      "authorization",
    ]) {
      assert.ok(!all.includes(secret), `${secret} in ${all}`)
    }
    const line = JSON.parse(door.logLines[0] ?? "{}")
    assert.equal(line.operation, "DescribeIntegrations")
    assert.equal(line.keyId, admin.accessKeyId)
    assert.equal(line.status, 200)
    assert.equal(typeof line.ms, "number")
    assert.match(line.requestId, /^[0-9a-f-]{36}$/)
  })

  test("services without a door say so, in their own protocol and only to whoever signed", async () => {
    const redshift = await send(
      door.port,
      await sign({ service: "redshift", body: "Action=DescribeIntegrations&Version=2012-12-01" }),
    )
    assert.equal(redshift.status, 200, redshift.body)
    assert.match(redshift.body, /xmlns="http:\/\/redshift.amazonaws.com\/doc\/2012-12-01\/"/)

    const json = {
      headers: {
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": "CloudApiService.ListResources",
      },
    }
    const cloudControl = await send(
      door.port,
      await sign({ service: "cloudcontrolapi", body: "{}", ...json }),
    )
    assert.equal(cloudControl.status, 400)
    assert.equal(JSON.parse(cloudControl.body).__type, "ValidationException")
    assert.equal(cloudControl.headers["content-type"], "application/x-amz-json-1.0")

    const operations = await send(
      door.port,
      await sign({ service: "millrace", path: "/status", method: "GET", body: "" }),
    )
    assert.equal(operations.status, 404)
    assert.equal(operations.headers["x-amzn-errortype"], "UnknownOperationException")
    assert.match(JSON.parse(operations.body).Message, /not available in this version/)

    const forged = await send(
      door.port,
      await sign({ service: "cloudcontrolapi", secretAccessKey: "wrong", body: "{}", ...json }),
    )
    assert.equal(JSON.parse(forged.body).__type, "InvalidSignatureException")
  })
})
