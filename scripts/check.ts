/** npm run check: everything that can be judged without running the program. Shows every failure, not only the first. */
import { spawnSync } from "node:child_process"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"

const root = join(import.meta.dirname, "..")
const require = createRequire(import.meta.url)

function script(packageName: string, ...path: string[]): string {
  return join(dirname(require.resolve(`${packageName}/package.json`)), ...path)
}

const steps: { name: string; args: string[] }[] = [
  { name: "types", args: [script("typescript", "bin", "tsc"), "-p", "."] },
  { name: "types of the console", args: [script("typescript", "bin", "tsc"), "-p", "console"] },
  { name: "lint and format", args: [script("@biomejs/biome", "bin", "biome"), "ci", "."] },
  { name: "lock file", args: ["scripts/complete-lock.ts", "--check"] },
  { name: "walls, habits, documents", args: ["--test", "test/structure/**/*.test.ts"] },
]

const failed = steps.filter(({ name, args }) => {
  console.log(`— ${name}`)
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit", timeout: 300_000 })
  return status !== 0
})

if (failed.length > 0) {
  console.error(`check failed: ${failed.map(({ name }) => name).join("; ")}`)
  process.exitCode = 1
} else {
  console.log("check passed")
}
