import assert from "node:assert/strict"
import { test } from "node:test"
import { AddPartnerCommand, DeletePartnerCommand, RedshiftClient } from "@aws-sdk/client-redshift"
import pg from "pg"
import { testDatabase } from "../../support/postgres.ts"
import { atEnd } from "../clean-up.ts"
import { accessKeyId, account, newPlace, region, secretAccessKey, sourceArn, sqlPassword } from "../place.ts"

test("users and grants outlive the server; a partner's user loads while the API says so", async (context) => {
  const source = await testDatabase()
  atEnd(context, () => source.drop())
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url: source.url }] })
  await place.configure((configuration) => {
    const users = configuration.sql_users as object[]
    users.push({ name: "loader", password: sqlPassword, policy: "partner:Etleap" })
  })
  const connect = async (user: string, password: string) => {
    const client = new pg.Client({ host: "127.0.0.1", port: place.sqlPort, user, password, database: "dev" })
    // The server is stopped under it.
    client.on("error", () => undefined)
    await client.connect()
    atEnd(context, () => client.end())
    return client
  }
  const served = await place.start()
  const admin = await connect("admin", sqlPassword)
  await admin.query(
    "CREATE USER eve PASSWORD 'Sesame2024'; CREATE TABLE t AS SELECT 1 AS a; GRANT USAGE ON SCHEMA main TO eve",
  )
  await admin.query("GRANT SELECT ON t TO eve")
  await served.terminate()

  await place.start()
  const eve = await connect("eve", "Sesame2024")
  assert.deepEqual((await eve.query("SELECT * FROM t")).rows, [{ a: 1 }])
  assert.ok(!place.output().includes("Sesame2024"))
  await assert.rejects(eve.query("ALTER USER eve CREATEUSER"), { code: "42501" })
  const { stdout } = await place.run("audit", "--json")
  const { entries } = JSON.parse(stdout) as { entries: Record<string, unknown>[] }
  assert.deepEqual(
    entries.map((one) => [one.door, one.operation, one.accessKeyId, one.resource, one.outcome]).sort(),
    [
      ["sql", "AlterUser", "eve", "eve", "accessDenied"],
      ["sql", "CreateUser", "admin", "eve", "ok"],
      ["sql", "Grant", "admin", "dev.main", "ok"],
      ["sql", "Grant", "admin", "dev.main.t", "ok"],
    ],
  )
  assert.ok(entries.every(({ address }) => /127\.0\.0\.1$|^::1$/.test(String(address))))
  assert.doesNotMatch(stdout, /SCRAM|Sesame/)

  const api = new RedshiftClient({
    endpoint: `http://127.0.0.1:${place.httpPort}`,
    region,
    credentials: { accessKeyId, secretAccessKey },
  })
  atEnd(context, async () => api.destroy())
  const partner = {
    AccountId: account,
    ClusterIdentifier: "millrace",
    DatabaseName: "dev",
    PartnerName: "Etleap",
  }
  const loader = await connect("loader", sqlPassword)
  const load = () =>
    loader.query("CREATE TABLE IF NOT EXISTS landed (a INTEGER); INSERT INTO landed VALUES (1)")
  await assert.rejects(load(), { code: "42501" })
  await api.send(new AddPartnerCommand(partner))
  await load()
  await api.send(new DeletePartnerCommand(partner))
  await assert.rejects(load(), { code: "42501" })
  await assert.rejects(loader.query("SELECT * FROM landed"), { code: "42501" })
})
