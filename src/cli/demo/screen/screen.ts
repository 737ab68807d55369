import { plainLine, plainText } from "../../../domain/text-forms/plain-text.ts"

/** Where the demo shows itself: lines that stay, and on a terminal a part at the bottom that is redrawn in place. */
export interface Screen {
  /** Whether `live` shows anything. */
  readonly isLive: boolean
  readonly style: Style
  /** A line that stays, above the live part. */
  say(line?: string): void
  /** Replaces the live part. Lines too long for the terminal are cut. */
  live(lines: string[]): void
  /** Ends the live part; `keep`: it stays as it was last drawn. */
  endLive(options?: { keep: boolean }): void
  /** The same for good: whoever still draws while everything stops draws nothing. */
  endLiveForGood(): void
}

export interface Style {
  bold(text: string): string
  dim(text: string): string
  green(text: string): string
  red(text: string): string
  /** Characters of a progress bar: done and not yet. */
  bar: [string, string]
}

const hideCursor = "\x1b[?25l"
const showCursor = "\x1b[?25h"
const leastColumns = 20

export function newScreen(out: NodeJS.WriteStream, environment: NodeJS.ProcessEnv): Screen {
  const isLive = out.isTTY === true && environment.TERM !== "dumb"
  let shown: string[] = []
  let isOver = false

  const columns = () => Math.max(leastColumns, out.columns ?? 80)
  // A terminal that was made narrower has broken the lines it had.
  const rowsShown = () =>
    shown.reduce((sum, line) => sum + Math.max(1, Math.ceil(visibleLength(line) / columns())), 0)
  // Up to the first line of the live part, and everything from there on away.
  const erase = () => (shown.length === 0 ? "" : `\x1b[${rowsShown()}F\x1b[J`)
  const draw = () => shown.map((line) => `${line}\n`).join("")

  const endLive: Screen["endLive"] = ({ keep } = { keep: false }) => {
    if (shown.length === 0) return
    const last = keep ? "" : erase()
    shown = []
    out.write(last + showCursor)
  }

  return {
    isLive,
    style: styleOf(out, environment),
    say(line = "") {
      const above = `${erase()}${withoutOrders(line, plainText)}\n`
      out.write(above + draw())
    },
    live(lines) {
      if (!isLive || isOver) return
      // More lines than the terminal has could not be found again to redraw them.
      const fitting = lines.slice(0, Math.max(1, (out.rows ?? 24) - 1))
      const before = shown.length === 0 ? hideCursor : erase()
      shown = fitting.map((line) => cut(withoutOrders(line, plainLine), columns() - 1))
      out.write(before + draw())
    },
    endLive,
    endLiveForGood() {
      endLive({ keep: true })
      isOver = true
    },
  }
}

function styleOf(out: NodeJS.WriteStream, environment: NodeJS.ProcessEnv): Style {
  const coloured = out.isTTY === true && environment.TERM !== "dumb" && !environment.NO_COLOR
  const code = (start: number, end: number) => (text: string) =>
    coloured ? `\x1b[${start}m${text}\x1b[${end}m` : text
  return {
    bold: code(1, 22),
    dim: code(2, 22),
    green: code(32, 39),
    red: code(31, 39),
    bar: barOf(environment),
  }
}

function barOf({ LC_ALL, LC_CTYPE, LANG }: NodeJS.ProcessEnv): [string, string] {
  return /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || "") ? ["█", "░"] : ["#", "-"]
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character begins a colour
const colourCode = /(\x1b\[\d+m)/g

/** Our own colours stay; whatever else a terminal would obey is made visible. */
function withoutOrders(line: string, plain: (text: string) => string): string {
  return line
    .split(colourCode)
    .map((piece, index) => (index % 2 === 1 ? piece : plain(piece)))
    .join("")
}

function visibleLength(line: string): number {
  return [...line.replace(colourCode, "")].length
}

/** The first `width` characters that show; colours are kept, so that each is closed. */
export function cut(line: string, width: number): string {
  const pieces = line.split(colourCode)
  let room = width
  return pieces
    .map((piece, index) => {
      if (index % 2 === 1) return piece
      const kept = [...piece].slice(0, Math.max(0, room))
      room -= kept.length
      return kept.join("")
    })
    .join("")
}
