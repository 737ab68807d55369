/** Commands that documents show exist, with every option and number of words shown. */
import assert from "node:assert/strict"
import { existsSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { before, test } from "node:test"
import { type Command, commands } from "../../../src/cli/commands.ts"
import { parseFlags } from "../../../src/cli/flags.ts"
import { filesOf, root, type SourceFile } from "../source-files.ts"
import { type CodeBlock, codeBlocksOf, codeSpansOf } from "./markdown.ts"

const shells = ["", "sh", "bash", "console", "shell", "yaml"]

/** As `ps` shows them. */
const processes = ["millrace supervisor", "millrace api", "millrace engine"]

let scripts: Record<string, string>

before(async () => {
  const manifest = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
    scripts: Record<string, string>
  }
  scripts = manifest.scripts
})

/** Lines of a block that are typed: those behind a prompt, where there is one; all others are output. */
function typedLines({ lines }: CodeBlock): string[] {
  const joined = lines.join("\n").replace(/\\\n\s*/g, " ")
  const whole = joined.replace(/"[^"]*"/g, (quoted) => quoted.replaceAll("\n", " ")).split("\n")
  const prompted = whole.filter((line) => /^\s*[$#] /.test(line))
  return (prompted.length > 0 ? prompted : whole).map((line) => line.replace(/^\s*[$#] /, ""))
}

/** The words of one simple command, quotes removed; what a shell would do next is cut off. */
function wordsOf(command: string): string[] {
  const words = [...command.matchAll(/"((?:\\.|[^"])*)"|'([^']*)'|(\$\([^)]*\)|[^\s"']+)/g)]
  const plain = words.map(([, double, single, bare]) => double ?? single ?? bare ?? "")
  const end = words.findIndex(([word]) => /^(?:[|&;<>#]|\d?>)/.test(word))
  const own = end < 0 ? plain : plain.slice(0, end)
  return own.map((word, at) => (words[at]?.[3] === undefined ? word : word.replace(/[[\]();,]/g, "")))
}

/** Where a command begins, and what may stand before its name. */
const program =
  /(?:^|[(;|&]) *(?:\w+=\S* )*(?:sudo (?:-u \w+ )?)?(?:npx |bin\/)?millrace(?= [a-z-]+(?: |$))(.*)/

/** What is wrong with the commands of one line; lines without any have no mistake. */
function mistakesOf(line: string): string[] {
  const [, called] = program.exec(line) ?? []
  const [, script, behind] = /\bnpm run (?:--silent )?([\w:-]+)(?: -- ([^`)]*))?/.exec(line) ?? []
  const [, file] = /\bnode ((?:scripts|bench|src|bin)\/[\w./-]+)/.exec(line) ?? []
  return [
    ...(called === undefined ? [] : mistakesOfCall(wordsOf(called))),
    ...(script === undefined || script in scripts ? [] : [`no script ${script}`]),
    ...(script === "demo" ? mistakesOfCall(["demo", ...wordsOf(behind ?? "")]) : []),
    ...(file === undefined || existsSync(join(root, file)) ? [] : [`no file ${file}`]),
  ].map((mistake) => `${mistake}: ${line.trim()}`)
}

/** Of `millrace`, by the words behind it. */
function mistakesOfCall(words: readonly string[]): string[] {
  const [name = "", ...rest] = words.filter((word) => word !== "" && word !== "|")
  if (/^--(help|version)$/.test(name) || name === "COMMAND") return []
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  return command === undefined ? [`no command ${name}`] : mistakesOfOptions(command, rest)
}

function mistakesOfOptions(command: Command, rest: readonly string[]): string[] {
  const parsed = parsedOr([...rest])
  if (typeof parsed === "string") return [parsed]
  const { values, positionals } = parsed
  const foreign = Object.keys(values).filter(
    (flag) => flag !== "help" && !command.flags.includes(flag as never),
  )
  const most = wordsAtMost(command)
  return [
    ...foreign.map((flag) => `it has no --${flag}`),
    ...(positionals.length > most ? [`it takes ${most} words`] : []),
  ]
}

function wordsAtMost({ words }: Command): number {
  if (words === 0) return 0
  return "two" in words ? 2 : 1
}

function parsedOr(args: string[]): ReturnType<typeof parseFlags> | string {
  try {
    return parseFlags(args)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** What one document shows that is not there. */
function wrongIn({ path, text }: SourceFile): string[] {
  const typed = codeBlocksOf(text)
    .filter(({ language }) => shells.includes(language))
    .flatMap((block) => typedLines(block).map((line) => ({ line: block.line, code: line })))
  const spans = codeSpansOf(text).filter(({ code }) => !processes.includes(code))
  return [...typed, ...spans].flatMap(({ line, code }) =>
    mistakesOf(code).map((mistake) => `${path}:${line}: ${mistake}`),
  )
}

test("each command, option and script that documents show is there", async () => {
  const pages = await filesOf("{*.md,{docs,packaging,bench,.github}/**/*.md}")
  const shown = pages.filter(({ path }) => !path.startsWith("docs/decisions/") && path !== "CHANGELOG.md")
  assert.ok(shown.length > 40)
  assert.deepEqual(shown.flatMap(wrongIn), [])
})

test("a command, an option, a script and a file that are not there are found", () => {
  for (const good of [
    "millrace status --json | jq .",
    'bin/millrace sql "select 1 --x" --database dev',
    "sudo -u millrace millrace status --config /etc/millrace/millrace.yaml",
    "npm run demo -- --once",
    "millrace ready: http http://127.0.0.1:5440",
    "aws --profile millrace --endpoint-url http://127.0.0.1:5440 rds describe-integrations",
    "KEY=$(bin/millrace api-key create --name tour --permission USER_ADMIN | tail -1)",
  ])
    assert.deepEqual(mistakesOf(good), [], good)
  for (const bad of [
    "millrace stop",
    "npx millrace status --jsn",
    "sudo -u millrace millrace stauts",
    "PGPASSWORD=x millrace slq",
    "millrace wait --repair",
    "millrace status now",
    "npm run start",
    "npm run demo -- --onec",
    "node scripts/gone.ts",
  ])
    assert.equal(mistakesOf(bad).length, 1, bad)
})
