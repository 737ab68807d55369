import assert from "node:assert/strict"
import type { AddressInfo } from "node:net"
import { type TestContext, test } from "node:test"
import { SMTPServer } from "smtp-server"
import type { AlertMessage } from "../../../src/domain/alerts/alert.ts"
import { tcpProxy } from "../../support/tcp-proxy.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { atEnd } from "../clean-up.ts"
import { hook, webhookSecret } from "../event-receivers.ts"
import { newPlace, type Place, sourceArn } from "../place.ts"
import { apiOf } from "../rds.ts"
import { bank } from "../source.ts"

const mailPassword = "mAiL-PaSsWoRd-MARKER"

/** A mail server that takes mail of one user. */
async function mailServer(context: TestContext) {
  const mails: string[] = []
  const server = new SMTPServer({
    disabledCommands: ["STARTTLS"],
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _session, done) =>
      password === mailPassword ? done(null, { user: username }) : done(new Error("wrong password")),
    onData(stream, _session, done) {
      let text = ""
      stream.on("data", (chunk: Buffer) => {
        text += chunk.toString()
      })
      stream.on("end", () => {
        mails.push(text)
        done()
      })
    },
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  atEnd(context, () => new Promise<void>((resolve) => server.close(() => resolve())))
  const { port } = server.server.address() as AddressInfo
  return { mails, url: `smtp://ops:${mailPassword}@127.0.0.1:${port}` }
}

/** A bank behind a proxy, replicated by a Millrace that has no alerts yet. */
async function replicatedBank(context: TestContext) {
  const { url, name } = await bank(context)
  const at = new URL(url)
  const proxy = await tcpProxy({ host: at.hostname, port: Number(at.port) })
  atEnd(context, () => proxy.close())
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url: proxy.through(url) }] })
  const first = await place.start()
  const api = apiOf(place)
  await api.create("bank", `include: ${name}.public.*`)
  await api.becomes("bank", "active")
  return { proxy, place, first }
}

/** Gives the running Millrace these alerts, and tries the mail. */
async function configureAlerts(place: Place, hookUrl: string, mailUrl: string): Promise<void> {
  await place.configure((configuration) => {
    configuration.alerts = {
      channels: [
        { name: "hook", webhook: hookUrl, secret: webhookSecret },
        { name: "mail", email: { server: mailUrl, from: "millrace@example.com", to: ["ops@example.com"] } },
      ],
      rules: [
        { name: "broken", when: "failure", for: "1s" },
        { name: "late", when: "lag", over: "24h", to: ["hook"] },
      ],
    }
  })
  assert.equal((await place.run("reload")).stdout, "reloaded: alerts\n")
  const tried = await place.run("alerts", "test", "--channel", "mail")
  assert.equal(tried.stdout, "mail took the message.\n", tried.output)
}

test("a source that stops is told once by webhook and mail, though Millrace is killed, and so is its return", async (context) => {
  const { proxy, place, first } = await replicatedBank(context)
  const [receiver, mail] = [await hook(context), await mailServer(context)]
  const told = receiver.taken as unknown as AlertMessage[]
  await configureAlerts(place, receiver.url, mail.url)
  assert.match(mail.mails[0] ?? "", /Subject: Millrace: a test of this channel/)

  const severedAtMs = Date.now()
  proxy.sever()
  const both = (count: number) => () => told.length >= count && mail.mails.length >= count + 1
  await waitUntil(both(1), { what: "the failure by webhook and mail" })
  const [failure] = told
  assert.ok(failure)
  const { state, rule, integrationName, code, eventId } = failure
  assert.deepEqual(
    { state, rule, integrationName, code, eventId },
    {
      state: "firing",
      rule: "broken",
      integrationName: "bank",
      code: "SOURCE_UNREACHABLE",
      eventId: "MILLRACE-INTEGRATION-EVENT-SOURCE_UNREACHABLE",
    },
  )
  assert.match(failure.remedy, /^Start the source database/)
  assert.ok(Date.parse(failure.since) >= severedAtMs - 1_000, failure.since)
  assert.match(mail.mails[1] ?? "", /Subject: Millrace: bank: SOURCE_UNREACHABLE/)
  const list = await place.run("alerts", "list")
  assert.match(list.stdout, /broken \| bank \| SOURCE_UNREACHABLE \| \S+Z \| \S+Z\n/)

  // Mended before the start: the new process must not find the failure a second time.
  await first.kill9()
  proxy.mend()
  await place.start()
  await waitUntil(both(2), { what: "the recovery by webhook and mail" })
  assert.deepEqual(
    told.map((one) => one.state),
    ["firing", "recovered"],
  )
  assert.equal(told[1]?.since, failure.since)
  assert.equal(mail.mails.length, 3)
  assert.match(mail.mails[2] ?? "", /Subject: Millrace: bank: recovered from SOURCE_UNREACHABLE/)

  assert.equal((await place.run("alerts", "silence", "--for", "1h", "--integration", "bank")).code, 0)
  assert.match((await place.run("alerts", "list")).stdout, /silent: bank until \S+Z, by /)
  assert.ok(!place.output().includes(webhookSecret) && !place.output().includes(mailPassword))
})
