import assert from "node:assert/strict"
import { after, before, beforeEach, describe, test } from "node:test"
import {
  AddPartnerCommand,
  DeletePartnerCommand,
  DescribeClustersCommand,
  DescribeIntegrationsCommand,
  DescribePartnersCommand,
  UpdatePartnerStatusCommand,
} from "@aws-sdk/client-redshift"
import { databasesOfPartner } from "../../../src/control-plane/partners.ts"
import { account, clusters, partner, reader, type ServedDoor, serveDoor } from "../served-door.ts"
import { redshiftClient, refusalCode } from "./client.ts"

const key = {
  AccountId: account,
  ClusterIdentifier: clusters[0],
  DatabaseName: "sales_db",
  PartnerName: "Fivetran",
}

describe("partners", () => {
  let door: ServedDoor
  let admin: ReturnType<typeof redshiftClient>
  let fivetran: ReturnType<typeof redshiftClient>
  before(async () => {
    door = await serveDoor()
    admin = redshiftClient(door.endpoint)
    fivetran = redshiftClient(door.endpoint, partner)
  })
  after(async () => {
    admin.destroy()
    fivetran.destroy()
    await door.close()
  })
  beforeEach(() => door.sql("truncate millrace.partners"))

  const report = (changes: object = {}) =>
    new UpdatePartnerStatusCommand({ ...key, Status: "Active", ...changes })

  async function described() {
    const { AccountId, ClusterIdentifier } = key
    const found = await admin.send(new DescribePartnersCommand({ AccountId, ClusterIdentifier }))
    return found.PartnerIntegrationInfoList ?? []
  }

  test("added, it is inactive until it reports, and adding it again changes nothing", async () => {
    const { DatabaseName, PartnerName } = await admin.send(new AddPartnerCommand(key))
    assert.deepEqual({ DatabaseName, PartnerName }, { DatabaseName: "sales_db", PartnerName: "Fivetran" })
    const [before] = await described()
    assert.equal(before?.Status, "Inactive")
    assert.equal(before?.StatusMessage, undefined)
    await fivetran.send(report({ Status: "RuntimeFailure", StatusMessage: "quota: 0 <left> & none" }))
    await admin.send(new AddPartnerCommand(key))
    const [after] = await described()
    assert.equal(after?.Status, "RuntimeFailure")
    assert.equal(after?.StatusMessage, "quota: 0 <left> & none")
    assert.deepEqual(after?.CreatedAt, before?.CreatedAt)
    assert.ok((after?.UpdatedAt?.getTime() ?? 0) >= (before?.UpdatedAt?.getTime() ?? 0))
    await fivetran.send(report())
    assert.equal((await described())[0]?.StatusMessage, undefined)
  })

  test("only for what it was added to may it report", async () => {
    await admin.send(new AddPartnerCommand(key))
    await admin.send(new AddPartnerCommand({ ...key, PartnerName: "Stitch" }))
    for (const other of [
      { DatabaseName: "other_db" },
      { PartnerName: "Stitch" },
      { ClusterIdentifier: clusters[1] },
      { ClusterIdentifier: "no-such" },
      { AccountId: "000000000000" },
    ]) {
      const code = await refusalCode(fivetran.send(report(other)))
      assert.equal(code, "UnauthorizedPartnerIntegration", JSON.stringify(other))
    }
    const seen = await described()
    assert.deepEqual(
      seen.map(({ Status }) => Status),
      ["Inactive", "Inactive"],
    )
  })

  test("it sees only its own, and no cluster that it was not added to", async () => {
    await admin.send(new AddPartnerCommand(key))
    await admin.send(new AddPartnerCommand({ ...key, PartnerName: "Stitch" }))
    await admin.send(new AddPartnerCommand({ ...key, ClusterIdentifier: clusters[1], PartnerName: "Stitch" }))
    const { AccountId, ClusterIdentifier } = key
    const own = await fivetran.send(new DescribePartnersCommand({ AccountId, ClusterIdentifier }))
    assert.deepEqual(
      own.PartnerIntegrationInfoList?.map(({ PartnerName }) => PartnerName),
      ["Fivetran"],
    )
    for (const other of [
      { PartnerName: "Stitch" },
      { ClusterIdentifier: clusters[1] },
      { ClusterIdentifier: "no-such" },
      { AccountId: "000000000000" },
    ]) {
      const sent = fivetran.send(new DescribePartnersCommand({ AccountId, ClusterIdentifier, ...other }))
      assert.equal(await refusalCode(sent), "UnauthorizedPartnerIntegration", JSON.stringify(other))
    }
  })

  test("deleted, it may report no more", async () => {
    await admin.send(new AddPartnerCommand(key))
    await fivetran.send(report())
    await admin.send(new DeletePartnerCommand(key))
    assert.equal(await refusalCode(fivetran.send(report())), "UnauthorizedPartnerIntegration")
    assert.deepEqual(await described(), [])
    assert.equal(await refusalCode(admin.send(new DeletePartnerCommand(key))), "PartnerNotFound")
    assert.equal(await refusalCode(admin.send(report())), "PartnerNotFound")
  })

  test("its databases, for who asks what it may load into", async () => {
    await admin.send(new AddPartnerCommand(key))
    await admin.send(new AddPartnerCommand({ ...key, DatabaseName: "Sales_DB" }))
    await admin.send(new AddPartnerCommand({ ...key, PartnerName: "Stitch", DatabaseName: "third" }))
    await admin.send(
      new AddPartnerCommand({ ...key, ClusterIdentifier: clusters[1], DatabaseName: "elsewhere" }),
    )
    const databases = () => databasesOfPartner(door.store.partners, clusters[0], "Fivetran")
    assert.deepEqual((await databases()).toSorted(), ["Sales_DB", "sales_db"])
    await admin.send(new DeletePartnerCommand(key))
    assert.deepEqual(await databases(), ["Sales_DB"])
  })

  test("nothing else is a partner's business, and none of it a reader's", async () => {
    await admin.send(new AddPartnerCommand(key))
    const reading = redshiftClient(door.endpoint, reader)
    const refused = [
      () => fivetran.send(new AddPartnerCommand({ ...key, DatabaseName: "mine_too" })),
      () => fivetran.send(new DeletePartnerCommand(key)),
      () => fivetran.send(new DescribeIntegrationsCommand()),
      () => fivetran.send(new DescribeClustersCommand()),
      () => reading.send(new AddPartnerCommand(key)),
      () => reading.send(new DeletePartnerCommand(key)),
      () => reading.send(report()),
    ]
    for (const [at, call] of refused.entries()) {
      assert.equal(await refusalCode(call()), "AccessDenied", `call ${at}`)
    }
    reading.destroy()
  })

  test("clusters and accounts that are not here", async () => {
    for (const other of [{ ClusterIdentifier: "no-such" }, { AccountId: "000000000000" }]) {
      const { AccountId, ClusterIdentifier } = { ...key, ...other }
      const calls = [
        () => admin.send(new AddPartnerCommand({ ...key, ...other })),
        () => admin.send(new DescribePartnersCommand({ AccountId, ClusterIdentifier })),
        () => admin.send(report(other)),
        () => admin.send(new DeletePartnerCommand({ ...key, ...other })),
      ]
      for (const call of calls) assert.equal(await refusalCode(call()), "ClusterNotFound")
    }
  })
})
