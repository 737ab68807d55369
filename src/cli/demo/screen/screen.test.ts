import assert from "node:assert/strict"
import { test } from "node:test"
import { cut, newScreen } from "./screen.ts"

/** A terminal that keeps what is on it, as far as the demo's own control codes go. */
function terminal(columns: number, rows = 24) {
  let lines: string[] = [""]
  const write = (text: string) => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the codes that a terminal understands
    for (const piece of text.split(/(\x1b\[\??\d*[A-Za-z]|\n)/)) apply(piece)
    return true
  }
  const apply = (piece: string) => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: cursor up to the start of an earlier line
    const up = /^\x1b\[(\d+)F$/.exec(piece)?.[1]
    if (up !== undefined) lines = lines.slice(0, lines.length - 1 - Number(up)).concat("")
    else if (piece === "\n") lines.push("")
    else if (!piece.startsWith("\x1b")) lines[lines.length - 1] += piece
  }
  const out = { isTTY: true, columns, rows, write } as unknown as NodeJS.WriteStream
  return { out, lines: () => lines.filter((line) => line !== "") }
}

test("the live part is replaced in place, and lines that stay go above it", () => {
  const { out, lines } = terminal(80)
  const screen = newScreen(out, { TERM: "xterm" })
  screen.say("first")
  screen.live(["one", "two"])
  screen.live(["three", "four"])
  screen.say("second")
  assert.deepEqual(lines(), ["first", "second", "three", "four"])
  screen.endLive({ keep: true })
  screen.say("last")
  assert.deepEqual(lines(), ["first", "second", "three", "four", "last"])
})

test("nothing live is drawn after the end for good", () => {
  const { out, lines } = terminal(80)
  const screen = newScreen(out, { TERM: "xterm" })
  screen.live(["one"])
  screen.endLiveForGood()
  screen.live(["two"])
  screen.say("last")
  assert.deepEqual(lines(), ["one", "last"])
})

test("live lines are cut to the terminal, colours closed", () => {
  const { out, lines } = terminal(30)
  newScreen(out, { TERM: "xterm" }).live(["x".repeat(50)])
  assert.deepEqual(lines(), ["x".repeat(29)])
  assert.equal(cut("\x1b[32mgreen\x1b[39m and more", 3), "\x1b[32mgre\x1b[39m")
  assert.equal(cut("🦆🦆🦆", 2), "🦆🦆")
})

test("more live lines than the terminal has are not shown", () => {
  const { out, lines } = terminal(80, 4)
  newScreen(out, { TERM: "xterm" }).live(["1", "2", "3", "4", "5"])
  assert.equal(lines().length, 3)
})

test("without a terminal, or on a dumb one, nothing is redrawn and nothing coloured", () => {
  for (const [isTTY, TERM] of [
    [false, "xterm"],
    [true, "dumb"],
  ] as const) {
    const { out, lines } = terminal(80)
    const screen = newScreen(Object.assign(out, { isTTY }), { TERM })
    screen.live(["live"])
    screen.say(screen.style.bold("plain"))
    assert.equal(screen.isLive, false)
    assert.deepEqual(lines(), ["plain"])
  }
})

test("NO_COLOR takes the colours, an old locale the blocks of the bar", () => {
  const { style } = newScreen(terminal(80).out, { TERM: "xterm", NO_COLOR: "1", LANG: "C" })
  assert.equal(style.red("x"), "x")
  assert.deepEqual(style.bar, ["#", "-"])
  const colourful = newScreen(terminal(80).out, { TERM: "xterm", LANG: "de_DE.UTF-8" }).style
  assert.equal(colourful.red("x"), "\x1b[31mx\x1b[39m")
  assert.deepEqual(colourful.bar, ["█", "░"])
})
