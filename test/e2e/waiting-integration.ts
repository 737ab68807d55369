import type { TestContext } from "node:test"
import type pg from "pg"
import { newPlace, type Place, sourceArn } from "./place.ts"
import { type Api, apiOf } from "./rds.ts"
import { bank } from "./source.ts"
import { connectSql } from "./warehouse.ts"

export interface World {
  place: Place
  url: string
  /** Of the source database. */
  source: string
  api: Api
  /** The integration's id. */
  id: string
  /** A session on `dev`. */
  admin: pg.Client
  /** Stops Millrace, does something, and starts it again; `admin` is of no use after. */
  restartAfter(work: () => Promise<void>, how?: "terminate" | "kill9"): Promise<void>
}

/** An integration that waits for CREATE DATABASE, as in the cloud. */
export async function waitingIntegration(context: TestContext, encoding?: "SQL_ASCII"): Promise<World> {
  const { url, name: source } = await bank(context, undefined, encoding)
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url }] })
  await place.configure((configuration) => {
    for (const one of configuration.warehouses as Record<string, unknown>[]) one.auto_create_database = false
    const users = configuration.sql_users as object[]
    users.push({ name: "reader", password: "reader-pw", policy: "read-only" })
  })
  let server = await place.start()
  const api = apiOf(place)
  const arn = await api.create("bank", `include: ${source}.public.*`)
  await api.becomes("bank", "active")
  const admin = await connectSql(place, "dev")
  context.after(() => admin.end())
  const restartAfter: World["restartAfter"] = async (work, how = "terminate") => {
    await server[how]()
    await work()
    server = await place.start()
  }
  return { place, url, source, api, id: arn.split(":").at(-1) ?? "", admin, restartAfter }
}

/** The error of something that must fail. */
export async function refusal(work: Promise<unknown>): Promise<{ code: string; message: string }> {
  try {
    await work
  } catch (error) {
    const { code, message } = error as { code: string; message: string }
    return { code, message }
  }
  throw new Error("it was not refused")
}
