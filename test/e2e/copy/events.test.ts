import assert from "node:assert/strict"
import { test } from "node:test"
import { Sha256 } from "@aws-crypto/sha256-js"
import { SignatureV4 } from "@smithy/signature-v4"
import { accessKeyId, region, secretAccessKey } from "../place.ts"
import { connectSql } from "../warehouse.ts"
import { copyPlace, eventSecret, gives, role } from "./place.ts"

test("every form of an event loads its object, by secret or by signature; what is none is refused", async (context) => {
  const { place, bucket, integrate } = await copyPlace(context, "never")
  await place.start()
  await integrate()
  const admin = await connectSql(place, "dev")
  context.after(() => admin.end())
  await admin.query("CREATE TABLE t (i INTEGER)")
  await admin.query(`COPY t FROM 's3://landing/in/' ${role} JOB CREATE loads`)
  // The job is known by then.
  await gives(admin, "SELECT count(*) FROM svv_copy_job_integrations WHERE job_state = 0", "1")

  const host = `127.0.0.1:${place.httpPort}`
  const send = async (body: string, headers: Record<string, string>) => {
    const answer = await fetch(`http://${host}/events/s3`, { method: "POST", headers, body })
    return { status: answer.status, text: await answer.text() }
  }
  const withSecret = (body: unknown) => send(JSON.stringify(body), { authorization: `Bearer ${eventSecret}` })
  const signed = async (body: unknown, secret = secretAccessKey) => {
    const signer = new SignatureV4({
      service: "millrace",
      region,
      credentials: { accessKeyId, secretAccessKey: secret },
      sha256: Sha256,
    })
    const text = JSON.stringify(body)
    const request = await signer.sign({
      method: "POST",
      protocol: "http:",
      hostname: "127.0.0.1",
      port: place.httpPort,
      path: "/events/s3",
      headers: { host },
      body: text,
    })
    return send(text, request.headers)
  }
  const s3 = (key: string, eventName = "ObjectCreated:Put") => ({
    Records: [{ eventName, s3: { bucket: { name: "landing" }, object: { key } } }],
  })
  const bridge = (key: string) => ({
    "detail-type": "Object Created",
    source: "aws.s3",
    detail: { bucket: { name: "landing" }, object: { key, size: 2, etag: "x" } },
  })
  const sns = (event: unknown) => ({ Type: "Notification", Message: JSON.stringify(event) })
  const sends = [
    () => withSecret(s3("in/1", "s3:ObjectCreated:CompleteMultipartUpload")),
    () => withSecret(bridge("in/2")),
    () => withSecret(sns(s3("in/3"))),
    () => withSecret(sns(bridge("in/4"))),
    () => signed(s3("in/5")),
  ]
  for (const [index, sendOne] of sends.entries()) {
    await bucket.put(`in/${index + 1}`, `${index + 1}\n`)
    const { status, text } = await sendOne()
    assert.deepEqual([status, text], [200, '{"accepted":1}'])
  }
  await gives(admin, "SELECT count(*), sum(i) FROM t", "5|15")

  assert.equal((await withSecret({ Event: "s3:TestEvent" })).text, '{"accepted":0}')
  assert.equal((await withSecret(s3("in/1", "ObjectRemoved:Delete"))).text, '{"accepted":0}')
  assert.equal((await withSecret({ Type: "SubscriptionConfirmation", Message: "x" })).text, '{"accepted":0}')
  assert.equal((await withSecret(s3("in/%E0%A4%A"))).status, 200)
  assert.equal((await withSecret({ anything: 1 })).status, 400)
  assert.equal((await withSecret(sns(sns(s3("in/1"))))).status, 400)
  assert.equal((await send("no JSON", { authorization: `Bearer ${eventSecret}` })).status, 400)
  assert.equal((await send(JSON.stringify(s3("in/1")), { authorization: "Bearer guess" })).status, 403)
  assert.equal((await send(JSON.stringify(s3("in/1")), {})).status, 403)
  assert.equal((await signed(s3("in/1"), "wrong")).status, 403)
  assert.equal((await signed({ anything: 1 })).status, 400)
})
