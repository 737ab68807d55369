/** The console's pages in a real browser, on one served Millrace with a PostgreSQL source. All scenes share both. */
import assert from "node:assert/strict"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { gzipSync } from "node:zlib"
import type { Browser, Page } from "playwright-core"
import { firstPageLimitBytes } from "../../../scripts/console/build.mjs"
import { testDatabase } from "../../support/postgres.ts"
import { atEnd } from "../clean-up.ts"
import { newPlace, type Place, sourceArn, sqlPassword } from "../place.ts"
import type { MillraceProcess } from "../process.ts"
import { apiOf } from "../rds.ts"
import { onDatabase } from "../workload.ts"
import { administers, isToldWhatIsHidden } from "./administration.ts"
import {
  assertAccessible,
  assertFitsPhone,
  openBrowser,
  type Watched,
  watched,
  withoutBrowser,
} from "./browser.ts"

const viewerPassword = `${sqlPassword}-v`
/** The same database by another name: each source is joined to a warehouse once. */
const secondArn = `${sourceArn}-second`
const markup = '<img src=x onerror="window.hit=1">'

interface Scene {
  place: Place
  server: MillraceProcess
  origin: string
  databaseUrl: string
  databaseName: string
  integration: string
}

async function scene(context: TestContext): Promise<Scene> {
  const database = await testDatabase({})
  atEnd(context, () => database.drop())
  await onDatabase(database.url, async (client) => {
    await client.query(`CREATE TABLE orders (id int PRIMARY KEY, note text)`)
    await client.query(`INSERT INTO orders SELECT n, 'order ' || n FROM generate_series(1, 500) n`)
    await client.query(`CREATE UNLOGGED TABLE scratch (id int PRIMARY KEY)`)
    await client.query(`CREATE TABLE ${client.escapeIdentifier(markup)} (id int PRIMARY KEY)`)
  })
  const place = await newPlace(context, {
    sources: [sourceArn, secondArn].map((arn) => ({ arn, url: database.url })),
  })
  await place.configure((configuration) => {
    configuration.sql_users = [
      { name: "admin", password: sqlPassword, policy: "admin" },
      { name: "viewer", password: viewerPassword, policy: "read-only" },
    ]
  })
  const server = await place.start()
  const integration = await apiOf(place).create("shop", `include: ${database.name}.*.*`)
  return {
    place,
    server,
    integration,
    origin: `http://127.0.0.1:${place.httpPort}`,
    databaseUrl: database.url,
    databaseName: database.name,
  }
}

async function signIn(page: Page, origin: string, [user, password]: [string, string]): Promise<void> {
  await page.goto(`${origin}/`)
  await page.getByLabel("User").fill(user)
  await page.getByLabel("Password").fill(password)
  await page.getByRole("button", { name: "Sign in" }).click()
  await page.getByRole("heading", { name: "Overview" }).waitFor()
}

async function signsIn({ origin }: Scene, { context }: Watched): Promise<Page> {
  const page = await context.newPage()
  await page.goto(`${origin}/console/`)
  await page.getByRole("heading", { name: "Sign in" }).waitFor()
  await assertAccessible(page, "sign-in")
  await assertFitsPhone(page, "sign-in")
  await page.getByLabel("User").fill("admin")
  await page.getByLabel("Password").fill("wrong")
  await page.getByRole("button", { name: "Sign in" }).click()
  await page.getByRole("alert").getByText("notSignedIn").waitFor()
  await signIn(page, origin, ["admin", sqlPassword])
  return page
}

async function signsInByLink({ place }: Scene, { context }: Watched): Promise<void> {
  const { output } = await place.run("console-link")
  const link = output.trim().split("\n").at(-1) ?? ""
  const page = await context.newPage()
  await page.goto(link)
  await page.getByRole("heading", { name: "Overview" }).waitFor()
  assert.ok(!page.url().includes("link="), "the token stays in no address")
  await page.close()
}

async function showsOverview(page: Page): Promise<void> {
  const row = page.getByRole("row").filter({ hasText: "shop" })
  await row.getByText("Needs attention").waitFor({ timeout: 60_000 })
  await page.getByText("things need a person").or(page.getByText("thing needs a person")).waitFor()
  await page.getByText("unlogged").first().waitFor()
  await assertAccessible(page, "overview")
  await assertFitsPhone(page, "overview")
}

async function showsIntegration(page: Page): Promise<void> {
  await page.getByRole("link", { name: "shop", exact: true }).click()
  await page.getByRole("heading", { name: "shop", exact: true }).waitFor()
  await page.getByText(markup).waitFor()
  await assertAccessible(page, "integration")
  await assertFitsPhone(page, "integration")
  await page.getByRole("button", { name: "Details of public.scratch" }).click()
  const details = page.getByRole("dialog")
  await details.getByText("ALTER TABLE public.scratch SET LOGGED;").waitFor()
  await assertAccessible(page, "details of a table")
  await page.keyboard.press("Escape")
  await page.getByLabel("Filter by name, state or reason").fill("orders")
  await page.getByText("1 of 3 tables").waitFor()
  await page.getByLabel("Select public.orders").check()
  await page.getByRole("button", { name: "Verify …" }).click()
  await page.getByRole("dialog").getByRole("button", { name: "Start" }).click()
  await page.getByRole("dialog").getByText("1 equal").waitFor({ timeout: 60_000 })
  await page.getByRole("dialog").getByRole("button", { name: "Close" }).click()
}

/** What the statement says, done at the source, is found by "check again". */
async function mendsTable({ databaseUrl }: Scene, page: Page): Promise<void> {
  await onDatabase(databaseUrl, (client) => client.query("ALTER TABLE scratch SET LOGGED"))
  await page.getByLabel("Filter by name, state or reason").fill("scratch")
  await page.getByRole("row").filter({ hasText: "scratch" }).getByText("In sync").waitFor({ timeout: 60_000 })
}

async function viewerChangesNothing({ origin, integration }: Scene, browser: Browser): Promise<void> {
  const { context, faults } = await watched(browser, origin)
  const page = await context.newPage()
  await signIn(page, origin, ["viewer", viewerPassword])
  await page.getByRole("link", { name: "shop", exact: true }).click()
  await page.getByText("Your role is viewer").waitFor()
  assert.equal(await page.getByRole("button", { name: /Resync|Verify|Delete/ }).count(), 0)
  assert.equal(await page.getByRole("link", { name: "Create" }).count(), 0)
  await page.getByRole("link", { name: "Sources" }).click()
  await page.getByText("Your role cannot test sources").waitFor()
  assert.equal(await page.getByRole("button", { name: /^Test/ }).count(), 0)
  const refused = await page.evaluate(`fetch("/console/api/integrations/${integration}/resync", {
    method: "POST", headers: { "content-type": "application/json" }, body: "{}" }).then((answer) => answer.status)`)
  assert.equal(refused, 403)
  await isToldWhatIsHidden(page)
  assert.deepEqual(faults, [])
  await context.close()
}

async function tabsShareAStream({ origin }: Scene, { context }: Watched, first: Page): Promise<void> {
  const streams: string[] = []
  context.on("request", (request) => {
    if (request.url().endsWith("/console/api/events")) streams.push(request.url())
  })
  const second = await context.newPage()
  await second.goto(`${origin}/console/`)
  await second.getByText("Live", { exact: true }).waitFor()
  assert.deepEqual(streams, [], "the second tab hears by the first")
  await first.close()
  await second.getByText("Live", { exact: true }).waitFor()
  await second.getByRole("row").filter({ hasText: "shop" }).waitFor()
}

async function asks(page: Page): Promise<void> {
  await page.getByRole("link", { name: "Query" }).click()
  await page.getByRole("button", { name: "public.orders" }).waitFor()
  await page
    .getByLabel("SQL statement")
    .fill("SELECT 40 + 2 AS answer, '<b>bold</b>' AS text, NULL AS nothing")
  await page.getByRole("button", { name: "Run" }).click()
  const result = page.getByRole("table", { name: "Result" })
  await result.getByText("42", { exact: true }).waitFor()
  await result.getByText("<b>bold</b>", { exact: true }).waitFor()
  await result.getByText("NULL", { exact: true }).waitFor()
  await assertAccessible(page, "query")
  await assertFitsPhone(page, "query")
  const download = page.waitForEvent("download")
  await page.getByRole("button", { name: "Download CSV" }).click()
  assert.equal(
    await readFile(await (await download).path(), "utf8"),
    "answer,text,nothing\r\n42,<b>bold</b>,\r\n",
  )
  await page.getByLabel("SQL statement").fill("SELECT * FROM not_there")
  await page.keyboard.press("Control+Enter")
  await page.getByRole("alert").getByText("not_there").first().waitFor()
  await page.getByRole("link", { name: "Overview" }).click()
}

/** What the configuration lists, and what a source lacks when it is asked. */
async function showsSources(page: Page): Promise<void> {
  await page.getByRole("link", { name: "Sources" }).click()
  await page.getByText(secondArn, { exact: true }).waitFor()
  await page.getByRole("button", { name: `Test ${secondArn}` }).click()
  await page
    .getByText("The source has all that replication needs.")
    .or(page.getByText("Warning"))
    .first()
    .waitFor()
  await assertAccessible(page, "sources")
  await assertFitsPhone(page, "sources")
}

/** Two tables of three: the filter is judged and tried before anything is made. */
async function createsIntegration({ databaseName }: Scene, page: Page): Promise<void> {
  await page.getByRole("link", { name: "Create" }).click()
  await page.getByRole("combobox", { name: "Source", exact: true }).selectOption(sourceArn)
  await page.getByText("Integration shop already joins").waitFor()
  await page.getByRole("combobox", { name: "Source", exact: true }).selectOption(secondArn)
  await page
    .getByText("The source has all that replication needs.")
    .or(page.getByText("Warning"))
    .first()
    .waitFor()
  const filter = page.getByLabel("Data filter")
  assert.equal(await filter.textContent(), `include: ${databaseName}.*.*`)
  await filter.fill("include: public.orders")
  await page.getByText("a pattern has three parts here").waitFor()
  await page.locator(".cm-lintRange-error").waitFor()
  await filter.fill(`include: ${databaseName}.public.orders, include: ${databaseName}.public.scratch`)
  await page.getByText("2 of 2 tables").waitFor()
  await page.getByRole("textbox", { name: "Name" }).fill("pair")
  await page.getByText("--integration-name pair").waitFor()
  await page.getByText("INSERT INTO awscc.rds.integrations").waitFor()
  await assertAccessible(page, "create")
  await assertFitsPhone(page, "create")
  await page.getByRole("button", { name: "Create integration" }).click()
  await page.getByRole("heading", { name: "pair", exact: true }).waitFor()
  await page.getByText("2 of 2 tables").waitFor({ timeout: 60_000 })
}

/** Only whoever types its name deletes it. */
async function deletesIntegration(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Delete …" }).click()
  const dialog = page.getByRole("dialog")
  await dialog.getByText("takes no more changes").waitFor()
  await assertAccessible(page, "deletion")
  assert.ok(await dialog.getByRole("button", { name: "Delete", exact: true }).isDisabled())
  await dialog.getByLabel("Type the name").fill("pair")
  await dialog.getByRole("button", { name: "Delete", exact: true }).click()
  await page.getByRole("heading", { name: "Overview" }).waitFor()
  await page.getByRole("row").filter({ hasText: "pair" }).waitFor({ state: "detached", timeout: 60_000 })
}

async function comesBack({ place, server }: Scene, page: Page): Promise<void> {
  await server.kill9()
  await page.getByRole("alert").getByText("Not connected since").waitFor()
  await place.start()
  await page.getByText("Live", { exact: true }).waitFor({ timeout: 60_000 })
}

async function firstPageIsSmall({ origin }: Scene): Promise<void> {
  const built = join(import.meta.dirname, "../../../dist/console")
  const index = await readFile(join(built, "index.html"), "utf8")
  const names = [...index.matchAll(/assets\/([\w.-]+)"/g)].map(([, name]) => name ?? "")
  assert.ok(names.length >= 4, "script, theme, style, icon")
  const sizes = await Promise.all(
    names.map(async (name) => {
      const response = await fetch(`${origin}/console/assets/${name}`)
      assert.equal(response.status, 200, name)
      return gzipSync(Buffer.from(await response.arrayBuffer())).length
    }),
  )
  const bytes = sizes.reduce((sum, size) => sum + size, 0)
  assert.ok(bytes <= firstPageLimitBytes, `the first page is ${bytes} bytes gzipped`)
}

test("the console's pages in a browser", { skip: withoutBrowser, timeout: 600_000 }, async (context) => {
  const here = await scene(context)
  const browser = await openBrowser()
  atEnd(context, () => browser.close())
  const seen = await watched(browser, here.origin)
  const page = await signsIn(here, seen)
  await context.test("the first page is at most 450 kB gzipped", () => firstPageIsSmall(here))
  await context.test("a link signs in once", () => signsInByLink(here, seen))
  await context.test("the overview shows what needs a person", () => showsOverview(page))
  await context.test("a table that failed has the statement that mends it; a comparison is ordered", () =>
    showsIntegration(page),
  )
  await context.test("a table that was mended is copied", () => mendsTable(here, page))
  await context.test("a statement's rows are shown as text, and go into a file", () => asks(page))
  await context.test("sources and warehouses are listed, and tested", () => showsSources(page))
  await context.test("an integration of two tables is tried, made and shown", () =>
    createsIntegration(here, page),
  )
  await context.test("an integration is deleted by whoever types its name", () => deletesIntegration(page))
  await context.test(
    "processes, keys, the audit trail and the configuration are shown to an administrator",
    () => administers({ ...here, page }),
  )
  await context.test("a viewer changes nothing, by page or by API", () => viewerChangesNothing(here, browser))
  await context.test("when the server is killed and back, the page says so and goes on", () =>
    comesBack(here, page),
  )
  assert.equal(await page.evaluate("window.hit"), undefined, "no name ran as markup")
  await context.test("two tabs have one stream, also when the tab with it is closed", () =>
    tabsShareAStream(here, seen, page),
  )
  assert.deepEqual(seen.faults, [], "policy, scripts and requests to elsewhere")
})
