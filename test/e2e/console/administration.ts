/** The pages about Millrace itself, in a browser. */
import assert from "node:assert/strict"
import type { Page } from "playwright-core"
import { waitUntil } from "../../support/wait-until.ts"
import type { Place } from "../place.ts"
import { assertAccessible, assertFitsPhone } from "./browser.ts"

/** Signed in as an administrator. */
export async function administers({ place, page }: { place: Place; page: Page }): Promise<void> {
  await showsHealth(page)
  await makesAndRevokesKey(page)
  await filtersAudit(page)
  await showsSettings(place, page)
  await page.getByRole("link", { name: "Overview" }).click()
}

async function opens(page: Page, name: string): Promise<void> {
  await page.getByRole("link", { name, exact: true }).click()
  await page.getByRole("heading", { name, exact: true, level: 1 }).waitFor()
}

async function judged(page: Page, where: string): Promise<void> {
  await assertAccessible(page, where)
  await assertFitsPhone(page, where)
}

async function showsHealth(page: Page): Promise<void> {
  await opens(page, "Health")
  const processes = page.getByRole("table", { name: "Processes" })
  await processes.getByText("There", { exact: true }).waitFor()
  await judged(page, "health")
  await processes.getByRole("button", { name: /^Details of / }).click()
  await page.getByRole("dialog").getByText("shop: ").waitFor()
  await assertAccessible(page, "details of a process")
  await page.keyboard.press("Escape")
}

async function makesAndRevokesKey(page: Page): Promise<void> {
  await opens(page, "Users and keys")
  await page.getByRole("table", { name: "Sessions" }).getByText("(this one)").waitFor()
  await page.getByRole("button", { name: "Create a key …" }).click()
  const dialog = page.getByRole("dialog")
  await dialog.getByLabel("Name").fill("from-page")
  await assertAccessible(page, "a new key")
  await dialog.getByRole("button", { name: "Create", exact: true }).click()
  const secret = (await dialog.getByText(/^mlr_/).textContent()) ?? ""
  await dialog.getByRole("button", { name: "Close" }).click()
  const origin = new URL(page.url()).origin
  const asks = async () =>
    (await fetch(`${origin}/console/api/status`, { headers: { authorization: `Bearer ${secret}` } })).status
  assert.equal(await asks(), 200)
  assert.equal(await page.getByText(secret).count(), 0, "the key is shown once")
  await judged(page, "users and keys")
  await page.getByRole("button", { name: "Revoke from-page" }).click()
  await dialog.getByRole("button", { name: "Revoke", exact: true }).click()
  await page.getByRole("table", { name: "API keys" }).getByText("Revoked").waitFor()
  await waitUntil(async () => ((await asks()) === 401 ? true : undefined), {
    what: "the revoked key to be refused",
    timeoutMs: 60_000,
  })
}

async function filtersAudit(page: Page): Promise<void> {
  await opens(page, "Audit")
  const entries = page.getByRole("table", { name: "Entries" })
  await entries.getByText("console:RevokeApiKey").waitFor()
  await judged(page, "audit")
  await page.getByLabel("What").fill("createapikey")
  await page.getByRole("button", { name: "Filter", exact: true }).click()
  await page.getByText("1 entry").waitFor()
  await page.getByRole("button", { name: "Details of console:CreateApiKey" }).click()
  await page.getByRole("dialog").getByText("from-page").first().waitFor()
  await assertAccessible(page, "details of an entry")
  await page.keyboard.press("Escape")
  await page.getByLabel("Who").fill("nobody-at-all")
  await page.getByRole("button", { name: "Filter", exact: true }).click()
  await page.getByText("No entry fits").waitFor()
}

/** What the file says and what runs, told apart. */
async function showsSettings(place: Place, page: Page): Promise<void> {
  await opens(page, "Settings")
  await page.getByText("What runs is what the file says.").waitFor()
  await page.getByText("(hidden)").first().waitFor()
  await judged(page, "settings")
  await place.configure((configuration) => {
    configuration.audit = { keep_days: 30 }
  })
  await page.getByRole("link", { name: "Overview" }).click()
  await opens(page, "Settings")
  await page.getByText("a reload applies: audit").waitFor()
}

/** A viewer: each page says why it shows nothing, and the API refuses the same. */
export async function isToldWhatIsHidden(page: Page): Promise<void> {
  for (const [name, sentence] of [
    ["Audit", "The audit trail is shown to administrators"],
    ["Users and keys", "API keys are shown to administrators"],
    ["Settings", "The configuration is shown to administrators"],
  ] as const) {
    await page.getByRole("link", { name, exact: true }).click()
    await page.getByText(sentence).waitFor()
    await assertAccessible(page, `${name} of a viewer`)
  }
  const read = (path: string) =>
    page.evaluate(`fetch("/console/api/${path}").then((answer) => answer.status)`)
  assert.deepEqual(
    await Promise.all(["api-keys", "configuration", "console-users"].map(read)),
    [403, 403, 403],
  )
  assert.equal(await read("processes"), 200)
}
