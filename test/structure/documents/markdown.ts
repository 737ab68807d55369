/** What the tests of documents read in Markdown: links, anchors, code. */

/** One line of a document; `code` is the language of the fence around it, absent outside of fences. */
interface MarkdownLine {
  number: number
  text: string
  code?: string
  /** Counts the fences of the document: lines of one block share it. */
  block: number
}

export interface MarkdownLink {
  line: number
  /** As it is written: `../sql/users.md#roles`. */
  target: string
}

export interface CodeBlock {
  line: number
  language: string
  lines: string[]
}

function linesOf(text: string): MarkdownLine[] {
  let fence: { mark: string; language: string } | undefined
  let block = 0
  const lines: MarkdownLine[] = []
  for (const [at, line] of text.split("\n").entries()) {
    const [, mark = "", language = ""] = /^\s*(```+|~~~+)\s*([\w-]*)/.exec(line) ?? []
    if (mark !== "" && fence === undefined) {
      fence = { mark, language }
      block++
    } else if (fence !== undefined && mark.startsWith(fence.mark)) fence = undefined
    else lines.push({ number: at + 1, text: line, block, ...(fence && { code: fence.language }) })
  }
  return lines
}

function proseOf(text: string): MarkdownLine[] {
  return linesOf(text).filter(({ code }) => code === undefined)
}

const withoutSpans = (line: string) => line.replace(/(`+).*?\1/g, (span) => "x".repeat(span.length))

/** Links, pictures and references (`[1]: target`) outside of code; targets in `<…>` included. */
export function linksOf(text: string): MarkdownLink[] {
  const forms = [
    /\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g,
    /^\s{0,3}\[[^\]]+\]:\s+<?([^\s>]+)>?/g,
    /<(?:a|img)\s[^>]*(?:href|src)="([^"]+)"/g,
  ]
  return proseOf(text).flatMap(({ number, text: line }) =>
    forms.flatMap((form) =>
      [...withoutSpans(line).matchAll(form)].map(([, target = ""]) => ({ line: number, target })),
    ),
  )
}

/** The anchors of a document's headings as code forges make them: the second of one name ends with `-1`. */
export function anchorsOf(text: string): string[] {
  const seen = new Map<string, number>()
  return proseOf(text).flatMap(({ text: line }) => {
    const [, heading] = /^#{1,6}\s+(.*?)\s*#*$/.exec(line) ?? []
    if (heading === undefined) return []
    const name = slug(heading)
    const count = seen.get(name) ?? 0
    seen.set(name, count + 1)
    return [count === 0 ? name : `${name}-${count}`]
  })
}

function slug(heading: string): string {
  return heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replace(/\s/g, "-")
}

export function codeBlocksOf(text: string): CodeBlock[] {
  const blocks = new Map<number, CodeBlock>()
  for (const { number, text: line, code, block } of linesOf(text)) {
    if (code === undefined) continue
    const found = blocks.get(block) ?? { line: number, language: code, lines: [] }
    found.lines.push(line)
    blocks.set(block, found)
  }
  return [...blocks.values()]
}

/** What stands between backticks outside of fences. */
export function codeSpansOf(text: string): { line: number; code: string }[] {
  return proseOf(text).flatMap(({ number, text: line }) =>
    [...line.matchAll(/(`+)(.+?)\1/g)].map(([, , code = ""]) => ({ line: number, code: code.trim() })),
  )
}
