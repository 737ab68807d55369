/** What users of the npm package get: packed, installed in an empty folder, run by npx. */
import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { accessSync, constants, existsSync } from "node:fs"
import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises"
import { homedir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { promisify } from "node:util"
import { removeFolder, temporaryFolder } from "../support/temporary-folder.ts"

const run = promisify(execFile)
const root = join(import.meta.dirname, "..", "..")
const INSTALL_LIMIT_MS = 5 * 60_000

let folder: string
let installed: string
let packed: string[]

before(
  async () => {
    folder = await temporaryFolder("package")
    packed = await pack(join(folder, "checkout"))
    installed = join(folder, "mit Leerzeichen")
    await mkdir(installed)
    await writeFile(join(installed, "package.json"), JSON.stringify({ private: true }))
    await npm(
      [
        "install",
        "--ignore-scripts",
        "--omit=peer",
        "--no-audit",
        "--no-fund",
        "--prefer-offline",
        tarball(),
      ],
      installed,
    )
  },
  { timeout: INSTALL_LIMIT_MS },
)

after(() => removeFolder(folder))

/** Packs a copy, so that a dist/ of someone else's making is neither used nor disturbed. */
async function pack(checkout: string): Promise<string[]> {
  await mkdir(checkout)
  const parts = [
    "bin",
    "console",
    "packaging",
    "scripts",
    "src",
    "package.json",
    "tsconfig.json",
    "tsconfig.build.json",
    "LICENSE",
    "CHANGELOG.md",
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs",
    "bench",
  ]
  for (const part of parts.filter((each) => existsSync(join(root, each))))
    await cp(join(root, part), join(checkout, part), { recursive: true })
  await symlink(join(root, "node_modules"), join(checkout, "node_modules"))
  await npm(["pack", "--pack-destination", folder], checkout)
  const { stdout } = await run("tar", ["-tzf", tarball()])
  return stdout
    .trim()
    .split("\n")
    .map((path) => path.replace(/^package\//, ""))
    .sort()
}

function tarball(): string {
  return join(folder, "millrace-0.1.0.tgz")
}

async function npm(args: string[], cwd: string): Promise<void> {
  await run("npm", [...args, "--loglevel=error"], { cwd, env: environment(), timeout: INSTALL_LIMIT_MS })
}

/** How this machine reaches the registry is no setting of npm's run. */
const reach = /^(NODE_EXTRA_CA_CERTS|npm_config_(registry|cafile|ca|strict_ssl|proxy|https_proxy|noproxy))$/i

/** The test runs under npm itself, whose settings and module paths a user does not have. */
function environment(): NodeJS.ProcessEnv {
  const clean = Object.entries(process.env).filter(
    ([name]) => reach.test(name) || !/^(npm_|NODE_)/i.test(name),
  )
  return Object.fromEntries([
    ...clean,
    // What this Millrace compiles goes with its folder.
    ["XDG_CACHE_HOME", folder],
    ...(hasHome() ? [] : [["npm_config_cache", join(folder, "npm-cache")]]),
  ])
}

/** Accounts of services have a home that is not there; npm then needs to be told where to keep its cache. */
function hasHome(): boolean {
  try {
    accessSync(homedir(), constants.W_OK)
    return true
  } catch {
    return false
  }
}

async function millrace(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const options = {
    cwd: installed,
    env: { ...environment(), npm_config_loglevel: "error" },
    timeout: INSTALL_LIMIT_MS,
  }
  try {
    return { code: 0, ...(await run("npx", ["millrace", ...args], options)) }
  } catch (error) {
    const { code, stdout = "", stderr = "" } = error as { code?: number; stdout?: string; stderr?: string }
    return { code: code ?? -1, stdout, stderr }
  }
}

test("the package holds the compiled program and nothing of the workshop", () => {
  const expected =
    /^(package\.json|LICENSE|(README|CHANGELOG|ARCHITECTURE|CONTRIBUTING|SECURITY)\.md|docs\/.+\.(md|png)|bench\/(README\.md|results\/.+)|bin\/millrace|scripts\/bootstrap\/[a-z-]+\.mjs|packaging\/(systemd|docker|helm|kubernetes|monitoring)\/[A-Za-z./-]+|dist\/.+(?<!\.md))$/
  assert.deepEqual(
    packed.filter((path) => !expected.test(path)),
    [],
  )
  assert.deepEqual(
    packed.filter((path) => /\.test\.|\.ts$|\/cases\//.test(path)),
    [],
  )
  for (const path of [
    "LICENSE",
    "bin/millrace",
    "dist/cli/main.js",
    "docs/operating/errors.md",
    "packaging/systemd/millrace.service",
    "scripts/bootstrap/run.mjs",
  ])
    assert.ok(packed.includes(path), path)
})

test("npx millrace --version and --help", async () => {
  const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { version: string }
  assert.deepEqual(await millrace("--version"), { code: 0, stdout: `${version}\n`, stderr: "" })
  const help = await millrace("--help")
  assert.match(help.stdout, /serve[\s\S]*demo[\s\S]*check[\s\S]*status[\s\S]*sql/)
  assert.equal(help.code, 0)
})

test("npx millrace with an unknown command is wrong usage", async () => {
  const { code, stderr } = await millrace("fly")
  assert.equal(code, 2)
  assert.match(stderr, /usage|unknown/i)
})

test("npx millrace demo --once", { timeout: INSTALL_LIMIT_MS }, async () => {
  const { code, stdout, stderr } = await millrace("demo", "--once", "--rows", "2000")
  assert.equal(stderr, "")
  assert.equal(code, 0, stdout)
  assert.match(
    stdout.trim().split("\n").at(-1) ?? "",
    /^demo ok: 5 tables, \d+ rows equal, lag p50 \d+ ms p99 \d+ ms$/,
  )
})
