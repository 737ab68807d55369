/** docs/operating/monitoring/README.md and packaging/monitoring say what the program says. */
import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { parse } from "yaml"
import { newMetrics } from "../../../src/front-doors/operations/metrics.ts"

const root = join(import.meta.dirname, "../../..")
const read = (path: string) => readFileSync(join(root, path), "utf8")
const alertsFile = "packaging/monitoring/alerts.yaml"
const page = read("docs/operating/monitoring/README.md")

interface Family {
  name: string
  help: string
  kind: string
}

/** What a scrape begins each metric with; that has no need of samples. */
async function families(): Promise<Family[]> {
  const text = await newMetrics(async () => ({ integrations: [], observed: [] })).render()
  const found = text.matchAll(/^# HELP (\S+) (.*)\n# TYPE \S+ (\S+)$/gm)
  return [...found].map(([, name = "", help = "", kind = ""]) => ({ name, help, kind }))
}

/** Names as expressions use them. */
function namesIn(text: string): string[] {
  const names = [...text.matchAll(/\bmillrace_\w+/g)].map(([name]) =>
    name.replace(/_(bucket|sum|count)$/, ""),
  )
  return [...new Set(names)].sort()
}

interface Rule {
  alert: string
  expr: string
  annotations: { runbook: string }
}

const rules = (parse(read(alertsFile)) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  ({ rules }) => rules,
)

test("the page lists each metric with the words of the program, and no other", async () => {
  const own = (await families()).filter(({ name }) => !/^millrace_(process|nodejs)_/.test(name))
  const expected = own.map(({ name, kind, help }) => `| \`${name}\` | ${kind} | ${help} |`)
  const listed = page.split("\n").filter((line) => line.startsWith("| `millrace_"))
  assert.deepEqual(listed, expected)
})

test("rules and dashboard name only metrics that there are", async () => {
  const all = new Set((await families()).map(({ name }) => name))
  const named = namesIn(rules.map(({ expr }) => expr).join("\n"))
  const shown = namesIn(read("packaging/monitoring/grafana-dashboard.json"))
  assert.ok(named.length > 10 && shown.length > 10, "the names are found")
  assert.deepEqual(
    [...named, ...shown].filter((name) => !all.has(name)),
    [],
  )
})

test("the page has a section for each alert, where its runbook points", () => {
  const sections = [...page.matchAll(/^### (\w+)$/gm)].map(([, name]) => name)
  assert.deepEqual(
    sections,
    rules.map(({ alert }) => alert),
  )
  for (const { alert, annotations } of rules)
    assert.equal(annotations.runbook, `docs/operating/monitoring/README.md#${alert.toLowerCase()}`)
})

function promtool(...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync("promtool", args, { cwd: root, encoding: "utf8" })
  return { status, output: stdout + stderr }
}

const withPromtool = {
  skip: spawnSync("promtool", ["--version"]).error && "no promtool: apt-get install prometheus",
}

test(
  "Prometheus takes the rules and the configuration, and each alert fires when it should",
  withPromtool,
  () => {
    const tests = "test/package/monitoring/alerts.test.yaml"
    for (const args of [
      ["check", "config", "packaging/monitoring/prometheus.yaml"],
      ["check", "rules", alertsFile],
      ["test", "rules", tests],
    ]) {
      const { status, output } = promtool(...args)
      assert.equal(status, 0, output)
    }
    for (const { alert } of rules) {
      const expected = read(tests).split(`alertname: ${alert}\n`)
      assert.ok(
        expected.slice(1).some((after) => /^\s+exp_alerts:/.test(after)),
        `${alert} is seen to fire`,
      )
    }
  },
)
