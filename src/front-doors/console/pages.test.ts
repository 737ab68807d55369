import assert from "node:assert/strict"
import { mkdir, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { gunzipSync } from "node:zlib"
import { removeFolder, temporaryFolder } from "../../../test/support/temporary-folder.ts"
import type { WireRequest, WireResponse } from "../../wire/http/message.ts"
import { consolePages } from "./pages.ts"

const index = `<meta name="csp-nonce" content="__CSP_NONCE__"><script nonce="__CSP_NONCE__" src="__BASE_PATH__/console/assets/a.js"></script>`

async function pagesOf(context: TestContext) {
  const folder = await temporaryFolder("console")
  context.after(() => removeFolder(folder))
  await mkdir(join(folder, "assets"))
  await writeFile(join(folder, "index.html"), index)
  await writeFile(join(folder, "assets", "a.js"), "let a = 1\n".repeat(100))
  await writeFile(join(folder, ".secret.txt"), "hidden")
  const pages = consolePages({ folder })
  const get = (path: string, headers: Record<string, string> = { accept: "text/html" }, prefix = "") =>
    pages({ request: request(path, headers), path, prefix })
  return { folder, get }
}

function request(path: string, headers: Record<string, string>): WireRequest {
  return { method: "GET", path, query: "", headers: Object.entries(headers), body: new Uint8Array() }
}

async function bytesOf(response: WireResponse): Promise<Buffer> {
  return Buffer.from(await new Response(response.stream ?? response.body).arrayBuffer())
}

test("every path below /console/ is the one page, with a nonce of its own and the proxy's prefix", async (context) => {
  const { get } = await pagesOf(context)
  const nonces = new Set<string>()
  for (const path of ["/", "/console", "/console/", "/console/integrations/a%20b", "/console/index.html"]) {
    const { status, body, headers } = await get(path, { accept: "text/html" }, "/mill")
    assert.equal(status, 200)
    const nonce = /content="([A-Za-z0-9+/]{24})"/.exec(body)?.[1] ?? ""
    nonces.add(nonce)
    assert.ok(body.includes(`<script nonce="${nonce}" src="/mill/console/assets/a.js">`), body)
    assert.ok(headers["content-security-policy"]?.includes(`script-src 'self' 'nonce-${nonce}'`))
    assert.equal(headers["cache-control"], "no-store")
  }
  assert.equal(nonces.size, 5)
})

test("assets are kept for ever and compressed for who takes it; a missing one is not the page", async (context) => {
  const { get } = await pagesOf(context)
  const plain = await get("/console/assets/a.js", {})
  assert.equal(plain.headers["cache-control"], "public, max-age=31536000, immutable")
  assert.equal(plain.headers["content-type"], "text/javascript; charset=utf-8")
  const packed = await get("/console/assets/a.js", { "accept-encoding": "br, gzip" })
  assert.equal(packed.headers["content-encoding"], "gzip")
  assert.deepEqual(gunzipSync(await bytesOf(packed)), await bytesOf(plain))
  assert.equal(
    (await get("/console/assets/a.js", { "accept-encoding": "gzip;q=0" })).headers["content-encoding"],
    undefined,
  )
  assert.equal((await get("/console/assets/b.js")).status, 404)
})

test("no path leads out of the folder or to a hidden file", async (context) => {
  const { get } = await pagesOf(context)
  for (const path of [
    "../index.html",
    "..%2findex.html",
    "assets/../../x.js",
    ".secret.txt",
    "assets//a.js",
    "assets/a.js/",
  ])
    assert.notEqual((await get(`/console/${path}`, {})).status, 200, path)
})

test("without a build the page says which command makes it", async (context) => {
  const { folder, get } = await pagesOf(context)
  await rm(join(folder, "index.html"))
  const { status, body } = await get("/console/")
  assert.equal(status, 503)
  assert.match(body, /npm run console:build/)
})
