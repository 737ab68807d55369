/** Flows from files of the host, from the web and from rows of a server; and what none of them may read. */
import assert from "node:assert/strict"
import { mkdir, symlink, writeFile } from "node:fs/promises"
import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { describe, test } from "node:test"
import { pathToFileURL } from "node:url"
import { isInternalAddress } from "../../../src/profiles/flows/readers/addresses.ts"
import { webStore } from "../../../src/profiles/flows/readers/web.ts"
import { onDatabase } from "../../e2e/workload.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { allProfiles, domainWith } from "../scene.ts"
import { contact, flowsForTests } from "./scene.ts"

async function served(listener: RequestListener): Promise<{ port: number; close(): void }> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

describe("flows from elsewhere", () => {
  const flows = flowsForTests()
  const names = async (domain: string) =>
    (await allProfiles(flows.store.profiles, domain)).map(({ fields }) => fields.FirstName).sort()

  test("files of an allowed folder are taken, and none that a link leads to elsewhere", async () => {
    const folder = join(flows.folder, "drop")
    await mkdir(folder)
    await writeFile(join(folder, "1.csv"), "id,name\n1,Ann\n")
    const domain = await domainWith(flows.store.profiles, [contact])
    const uri = pathToFileURL(folder).href
    await flows.put(domain, { uri })
    const servers = { fileFolders: [folder] }
    await flows.running(servers, async () => {
      await waitUntil(async () => (await names(domain)).length === 1, { what: "the file is taken" })
      await writeFile(join(folder, "2.jsonl"), '{"id":2,"name":"Bob"}\n')
      await waitUntil(async () => (await names(domain)).length === 2, { what: "the new file is taken" })
    })
    await writeFile(join(flows.folder, "secret.csv"), "id,name\n3,Cy\n")
    await symlink(join(flows.folder, "secret.csv"), join(folder, "3.csv"))
    await writeFile(join(folder, "4.csv"), "id,name\n4,Dee\n")
    const run = await flows.running(servers, () =>
      waitUntil(async () => (await flows.runs(domain)).find(({ status }) => status === "Error"), {
        what: "the link is refused",
      }),
    )
    assert.match(run.errorInfo ?? "", /3\.csv: It leads outside profiles\.file_folders/)
    assert.deepEqual(await names(domain), ["Ann", "Bob", "Dee"])
  })

  test("what a URL leads to is taken once for each version; an internal address only where it is allowed", async () => {
    let version = 1
    let bodies = 0
    const server = await served(({ method, url }, answer) => {
      if (url === "/moved") return answer.writeHead(302, { location: "http://127.0.0.1/" }).end()
      answer.writeHead(200, { etag: `"v${version}"` })
      if (method === "GET") bodies++
      answer.end(method === "HEAD" ? undefined : `id,name\n1,Version ${version}\n`)
    })
    try {
      const uri = `http://127.0.0.1:${server.port}/contacts.csv`
      const domain = await domainWith(flows.store.profiles, [contact])
      await flows.put(domain, { uri })
      const refused = await flows.running({}, () => flows.ended(domain))
      assert.equal(refused.status, "Error")
      assert.match(refused.errorInfo ?? "", /internal address/)
      assert.equal(bodies, 0)
      const allowed = { internalHosts: [`127.0.0.1:${server.port}`] }
      for (const again of [1, 2]) {
        await onDatabase(flows.url, (client) =>
          client.query("update millrace.profile_integrations set last_due_at = null"),
        )
        const run = await flows.running(allowed, () => flows.ended(domain, again + 1))
        assert.deepEqual([run.status, run.recordsProcessed], ["Successful", again === 1 ? 1 : 0])
      }
      assert.equal(bodies, 1)
      version = 2
      await onDatabase(flows.url, (client) =>
        client.query("update millrace.profile_integrations set last_due_at = null"),
      )
      await flows.running(allowed, () => flows.ended(domain, 4))
      assert.deepEqual(await names(domain), ["Version 2"])
      await flows.store.profileIntegrations.remove(domain, uri)
      const moved = webStore({ url: `http://127.0.0.1:${server.port}/moved`, ...allowed })
      await assert.rejects(
        moved.open("").then((one) => one),
        /redirections are not followed/,
      )
      const bounded = webStore({ url: uri, ...allowed, bytesAtMost: 5 })
      await assert.rejects(async () => {
        for await (const _ of (await bounded.open(""))?.body ?? []);
      }, /longer than 5 bytes/)
    } finally {
      server.close()
    }
  })

  test("rows of a server are taken, newer ones by the cursor; a query cannot write", async () => {
    await onDatabase(flows.url, async (client) => {
      await client.query("create table public.people (id int, name text, email text, changed int)")
      await client.query(
        "insert into public.people select n, 'P' || n, n || '@example.com', n from generate_series(1, 2500) n",
      )
    })
    const domain = await domainWith(flows.store.profiles, [contact])
    const at = `postgres://127.0.0.1:5432/app`
    await flows.put(domain, { uri: `${at}?table=public.people&cursor=changed` })
    const servers = { postgresUrl: flows.url }
    const first = await flows.running(servers, () => flows.ended(domain))
    assert.deepEqual([first.status, first.recordsIngested], ["Successful", 2_500])
    await onDatabase(flows.url, (client) =>
      client.query(
        "update public.people set name = 'New', changed = 3000 where id = 7; update millrace.profile_integrations set last_due_at = null",
      ),
    )
    const second = await flows.running(servers, () => flows.ended(domain, 2))
    // The last row of before comes once more.
    assert.equal(second.recordsProcessed, 2)
    assert.ok((await names(domain)).includes("New"))
    const other = await domainWith(flows.store.profiles, [contact])
    const query = encodeURIComponent("select 1) x; commit; delete from public.people; select (1")
    await flows.put(other, { uri: `${at}?query=${query}` })
    const refused = await flows.running(servers, () => flows.ended(other))
    assert.equal(refused.status, "Error")
    const { rows } = await onDatabase(flows.url, (client) =>
      client.query("select count(*)::int as n from public.people"),
    )
    assert.deepEqual(rows, [{ n: 2_500 }])
  })
})

test("addresses of no host of the internet are internal, in each form of them", () => {
  const internal = [
    "127.0.0.1",
    "10.1.2.3",
    "172.31.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
  ]
  const sixes = [
    "::1",
    "::",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "fe80::1",
    "fd00:ec2::254",
    "2002:7f00:1::",
    "ff02::1",
  ]
  for (const address of [...internal, ...sixes, "localhost", ""])
    assert.ok(isInternalAddress(address), address)
  for (const address of ["8.8.8.8", "172.32.0.1", "2606:4700::1111"])
    assert.ok(!isInternalAddress(address), address)
})
