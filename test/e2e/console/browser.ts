import assert from "node:assert/strict"
import { existsSync } from "node:fs"
import AxeBuilder from "@axe-core/playwright"
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core"

const program = "/usr/bin/chromium"

/** Absent: the browser is there. Otherwise why its tests are skipped. */
export const withoutBrowser = existsSync(program) ? false : `${program} is not installed`

/** Debian's own, without anything that it does by itself. */
export async function openBrowser(): Promise<Browser> {
  const off = ["background-networking", "component-update", "sync", "default-apps"].map(
    (one) => `--disable-${one}`,
  )
  return await chromium.launch({
    executablePath: program,
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", ...off],
  })
}

/** What a page must never do, gathered from all pages of a context. */
export interface Watched {
  context: BrowserContext
  /** Violations of the page's policy, errors of scripts, requests to elsewhere. */
  faults: string[]
}

export async function watched(browser: Browser, origin: string): Promise<Watched> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    reducedMotion: "reduce",
  })
  // A loaded machine takes its time: a limit only ends a test that has failed.
  context.setDefaultTimeout(60_000)
  const faults: string[] = []
  await context.exposeFunction("violated", (what: string) => faults.push(what))
  // Named in the page's own words: this runs in the browser.
  await context.addInitScript(`document.addEventListener("securitypolicyviolation", (event) =>
    window.violated("policy: " + event.violatedDirective + " " + event.blockedURI))`)
  context.on("weberror", (error) => faults.push(`script: ${error.error().message}`))
  context.on("request", (request) => {
    const url = request.url()
    if (!url.startsWith(origin) && !url.startsWith("data:") && !url.startsWith("blob:"))
      faults.push(`fetched ${url}`)
  })
  return { context, faults }
}

/**
 * No fault that axe finds, in either theme. Themes differ in colours alone, so the second is judged by those. Legacy: the page has no
 * frames, and axe opens no second page for its report.
 */
export async function assertAccessible(page: Page, where: string): Promise<void> {
  for (const theme of ["light", "dark"]) {
    await page.evaluate(`document.documentElement.dataset.theme = "${theme}"`)
    const axe = new AxeBuilder({ page }).setLegacyMode(true)
    if (theme === "dark") axe.withRules(["color-contrast"])
    const { violations } = await axe.analyze()
    const found = violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`),
    )
    assert.deepEqual(found, [], `${where}, ${theme}`)
  }
}

/** At 360 px nothing is cut off at the side of the page. */
export async function assertFitsPhone(page: Page, where: string): Promise<void> {
  const size = page.viewportSize()
  await page.setViewportSize({ width: 360, height: 740 })
  const width = await page.evaluate("document.documentElement.scrollWidth")
  assert.ok(Number(width) <= 360, `${where} is ${width} px wide on a screen of 360`)
  if (size !== null) await page.setViewportSize(size)
}
