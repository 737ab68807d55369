import { configurationKeyTree, distinction, type KeyNode } from "../../src/configuration/listing/key-tree.ts"
import { effectOnReload } from "../../src/configuration/reload/reload.ts"
import { engines } from "../../src/server/registries.ts"

/** docs/operating/configuration.md: every key, from the schema that judges the file. */
export function configurationPage(): string {
  const sections = sectionsOf("", configurationKeyTree(engines))
  return `${introduction}${sections.map(sectionText).join("")}`
}

interface Section {
  /** As in `listen.tls`, `sources[]`. */
  path: string
  /** What tells it apart from others of that path: `engine: postgres`. */
  branch?: string
  about: string
  rows: string[]
}

function sectionsOf(path: string, node: KeyNode, branch?: string): Section[] {
  const properties = Object.entries(node.properties ?? {})
  const required = new Set(node.required)
  const own: Section = {
    path,
    about: node.description ?? "",
    rows: properties.map(([key, value]) =>
      rowOf(joined(path, key), value, required.has(key) ? "must be there" : defaultOf(value)),
    ),
    ...(branch !== undefined && { branch }),
  }
  return [own, ...properties.flatMap(([key, value]) => innerSections(joined(path, key), value))]
}

function joined(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`
}

/** Of blocks, lists of blocks, and blocks of named blocks. */
function innerSections(path: string, node: KeyNode): Section[] {
  const about = (inner: KeyNode): KeyNode => ({
    ...inner,
    ...(node.description && { description: node.description }),
  })
  if (node.items !== undefined)
    return isPlain(node.items) ? [] : innerSections(`${path}[]`, about(node.items))
  if (node.oneOf !== undefined)
    return node.oneOf.flatMap((one) => {
      const told = distinction(one)
      return sectionsOf(path, about(one), told && `${told.key}: ${told.value}`)
    })
  if (node.anyOf !== undefined)
    return node.anyOf.filter((one) => !isPlain(one)).flatMap((one) => innerSections(path, about(one)))
  if (typeof node.additionalProperties === "object")
    return sectionsOf(`${path}.*`, about(node.additionalProperties))
  return node.properties === undefined ? [] : sectionsOf(path, node)
}

function isPlain({ properties, oneOf }: KeyNode): boolean {
  return properties === undefined && oneOf === undefined
}

function rowOf(path: string, node: KeyNode, usual: string): string {
  const about = node.const === undefined ? (node.description ?? "") : "which engine or kind it is"
  const secret = (node.secret ?? node.items?.secret) === true ? " (secret)" : ""
  const key = path.slice(path.lastIndexOf(".") + 1)
  const reload = { applied: "yes", restart: "restart", mixed: "see there" }[effectOnReload(path)]
  return `| \`${key}\` | ${formOf(node)} | ${usual} | ${reload} | ${about.replaceAll("|", "\\|")}${secret} |`
}

function formOf(node: KeyNode): string {
  if (node.const !== undefined) return `\`${node.const}\``
  if (node.enum !== undefined) return node.enum.map((one) => `\`${one}\``).join(", ")
  if (node.items !== undefined) return isPlain(node.items) ? "list of texts" : "list"
  if (node.anyOf !== undefined) return "text or block"
  switch (node.type) {
    case "integer":
      return `${count(node.minimum)} to ${count(node.maximum)}`
    case "boolean":
      return "`true`, `false`"
    case "string":
      return "text"
    default:
      return "block"
  }
}

function count(value: number | undefined): string {
  return (value ?? 0).toLocaleString("en-US")
}

function defaultOf({ default: usual }: KeyNode): string {
  if (usual === undefined || typeof usual === "object") return ""
  return `\`${usual}\``
}

function sectionText({ path, branch, about, rows }: Section): string {
  const title = path === "" ? "The file" : `\`${path}\`${branch === undefined ? "" : ` with \`${branch}\``}`
  const said = about === "" ? "" : `\n${about[0]?.toUpperCase()}${about.slice(1)}.\n`
  return `\n## ${title}\n${said}\n| Key | Value | Usual | On reload | What it is |\n| --- | --- | --- | --- | --- |\n${rows.join("\n")}\n`
}

const introduction = `# Configuration

<!-- Written by \`node scripts/configuration-page.ts\` from the schema in the code. -->

\`millrace.yaml\` of the working directory, or the file after \`--config\`. A change takes effect at the next
[reload](#reload) or start. Unknown keys and wrong values are told before anything starts, one line each, with the key's place and
never with its value.

\`\`\`
$ millrace config check        # judges the file, connects to nothing
$ millrace check               # and tests every connection
$ millrace config show         # what applies, with what the file leaves out, without secrets
\`\`\`

Paths in the file start from its folder. In every text:

| Written | Becomes |
| --- | --- |
| \`\${NAME}\` | the environment variable \`NAME\` |
| \`\${file:PATH}\` | what a file holds (64 KiB at most), without the end of its last line. Nobody but its owner and root may be able to change it |
| \`\${cmd:COMMAND}\` | what a command prints on standard output, without the end of its last line. \`/bin/sh\` runs it in the file's folder, for 10 s at most; it may hold no \`}\` |
| \`$\${\` | the characters \`\${\` |

A value is put in as it is: in a URL, \`/\`, \`@\`, \`:\`, \`#\` and \`%\` of a password must be written as \`%2F\`, \`%40\`, \`%3A\`, \`%23\` and \`%25\`,
in the file or variable too. Commands that only ask a running Millrace (\`status\`, \`wait\`, \`resync\`, \`verify\`, \`audit\`, \`api-key\`,
\`governance\`) read \`listen\`, \`data_dir\`, \`region\` and \`credentials\` alone, \`sql\` reads \`sql_users\` and, for warehouses that are asked
themselves, \`warehouses\`: secrets of sources need not be in their environment. Lengths of time are like \`500ms\`, \`30s\`, \`5m\`, \`24h\`,
\`7d\`; sizes like \`64MiB\`, \`10GiB\`, \`500GB\`.

## Reload

\`\`\`
$ millrace reload
reloaded: sql_users, sources
! a restart is needed for: verify
\`\`\`

The processes of this data folder read the file again, with what \`\${file:…}\` and \`\${cmd:…}\` lead to now; environment variables stay as they were
at the start. Keys with "yes" below apply at once, to what begins from then on:

- A source whose entry has changed, its password for example: its pipelines are started again where they were; those of other sources do not notice. One
  that is no longer there: its integrations say so (\`sourceMissing\`).
- SQL users: sessions of one that was removed may run no more statements; a new password counts for the next login.
- \`listen.tls\`: the certificate is read again at each reload, also when its path is the same; both ports show it from then on.

A file with a mistake changes nothing: the command says what is wrong and ends with 1, and the log has it too. SIGHUP to the process does the same
without an answer (also \`systemctl reload\`, see [service](service.md)); to one that was started on a terminal it means a stop when that is closed. Each
process of an installation that is [split by roles](roles.md) is reloaded at its own host. Flows of [customer profiles](../profiles/integrations.md) take
sources that were not there at the start with the next one.
`
