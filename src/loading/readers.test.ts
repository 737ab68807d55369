import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { testSeed } from "../../test/support/seed.ts"
import { type CopyOptions, usualCopyOptions } from "../domain/copy.ts"
import { delimitedReader } from "./delimited-reader.ts"
import { jsonReader } from "./json-reader.ts"
import type { RecordReader } from "./record-reader.ts"
import type { Rejection, RowWriter } from "./row-writer.ts"

interface Gathered {
  rows: (string | null)[][]
  lines: number[]
  rejections: Rejection[]
}

/** A writer that keeps rows as texts. */
function gathering(width: number): RowWriter & Gathered {
  const rows: (string | null)[][] = []
  const lines: number[] = []
  const rejections: Rejection[] = []
  let row: (string | null)[] = []
  return {
    width,
    rows,
    lines,
    rejections,
    putText(field, text) {
      row[field] = text
    },
    putBytes(field, from, start, end) {
      row[field] = from.toString("utf8", start, end)
    },
    putNull(field) {
      row[field] = null
    },
    endRow(line) {
      rows.push(row)
      lines.push(line)
      row = []
    },
    reject: (rejection) => void rejections.push(rejection),
  }
}

function readInPieces(reader: RecordReader, bytes: Buffer, sizes: readonly number[]): void {
  let at = 0
  for (let turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    // A copy, as each piece from a socket is.
    reader.push(Buffer.from(bytes.subarray(at, at + size)))
    at += size
  }
  reader.end()
}

const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 })
const field = fc.oneof(
  fc.string({
    unit: fc.constantFrom("a", '"', ",", "\n", "\r", "\\", "|", "é", "😀", " ", "'"),
    maxLength: 8,
  }),
  fc.constant(null),
)
const table = fc.array(fc.array(field, { minLength: 3, maxLength: 3 }), { maxLength: 12 })
/** Mostly those that mean something. */
const byte = fc.oneof(fc.constantFrom(...Buffer.from('",\n\ra')), fc.integer({ min: 0, max: 255 }))
const parameters = { seed: testSeed, numRuns: 500 }

function options(change: Partial<CopyOptions>): CopyOptions {
  return { ...usualCopyOptions, ...change }
}

test(`CSV of any content is read back, whatever the pieces`, () => {
  const csv = { kind: "csv", delimiter: ",", quote: '"' } as const
  fc.assert(
    fc.property(
      table,
      sizes,
      fc.boolean(),
      fc.constantFrom("\n", "\r\n"),
      (rows, pieces, isEnded, lineEnd) => {
        const cell = (value: string | null) => (value === null ? "\\N" : `"${value.replaceAll('"', '""')}"`)
        const text =
          rows.map((row) => row.map(cell).join(",")).join(lineEnd) +
          (isEnded && rows.length > 0 ? lineEnd : "")
        const writer = gathering(3)
        readInPieces(delimitedReader(csv, options({ format: csv }), writer), Buffer.from(text), pieces)
        assert.deepEqual(writer.rejections, [])
        assert.deepEqual(writer.rows, rows)
        let line = 1
        for (const [index, row] of rows.entries()) {
          assert.equal(writer.lines[index], line)
          line += 1 + row.join("").split("\n").length - 1
        }
      },
    ),
    parameters,
  )
})

test(`escaped text of any content is read back, whatever the pieces`, () => {
  const format = { kind: "text", delimiter: "|", escape: true, removeQuotes: false } as const
  fc.assert(
    fc.property(table, sizes, (rows, pieces) => {
      const cell = (value: string | null) => (value === null ? "\\N" : value.replaceAll(/[\\|\n\r]/g, "\\$&"))
      const text = rows.map((row) => `${row.map(cell).join("|")}\n`).join("")
      const writer = gathering(3)
      readInPieces(delimitedReader(format, options({ format }), writer), Buffer.from(text), pieces)
      assert.deepEqual(writer.rejections, [])
      assert.deepEqual(writer.rows, rows)
    }),
    parameters,
  )
})

test(`JSON of any content is read back, whatever the pieces`, () => {
  const columns = ["a", "b", "c"]
  const value = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.constant(null),
    fc.integer(),
    fc.boolean(),
    fc.jsonValue(),
  )
  const object = fc.record({ a: value, b: value, c: value, x: fc.jsonValue() })
  fc.assert(
    fc.property(
      fc.array(object, { maxLength: 8 }),
      sizes,
      fc.constantFrom("", "\n", ", \n"),
      (made, pieces, between) => {
        // JSON has no -0.
        const objects = JSON.parse(JSON.stringify(made)) as typeof made

        const writer = gathering(3)
        const reader = jsonReader(
          { kind: "names", columns, ignoreCase: false },
          [false, true, false],
          usualCopyOptions,
          writer,
        )
        readInPieces(
          reader,
          Buffer.from(objects.map((one) => JSON.stringify(one, undefined, 1)).join(between)),
          pieces,
        )
        assert.deepEqual(writer.rejections, [])
        const want = (one: unknown) =>
          one === null || one === "\\N"
            ? null
            : typeof one === "string"
              ? one
              : JSON.parse(JSON.stringify(one))
        for (const [index, one] of objects.entries()) {
          const [a, b, c] = writer.rows[index] ?? []
          assert.deepEqual(parsedUnlessText(a, one.a), want(one.a))
          assert.deepEqual(b === null || b === undefined ? null : JSON.parse(b), one.b)
          assert.deepEqual(parsedUnlessText(c, one.c), want(one.c))
        }
        assert.equal(writer.rows.length, objects.length)
      },
    ),
    parameters,
  )
})

function parsedUnlessText(read: string | null | undefined, meant: unknown): unknown {
  if (read === null || read === undefined) return null
  return typeof meant === "string" ? read : JSON.parse(read)
}

test(`arbitrary bytes never hang or throw anything but a load failure`, () => {
  const csv = { kind: "csv", delimiter: ",", quote: '"' } as const
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 300 }), sizes, (bytes, pieces) => {
      const whole = gathering(2)
      const cut = gathering(2)
      readInPieces(delimitedReader(csv, options({ format: csv }), whole), Buffer.from(bytes), [1_000])
      readInPieces(delimitedReader(csv, options({ format: csv }), cut), Buffer.from(bytes), pieces)
      assert.deepEqual(cut.rows, whole.rows)
      assert.deepEqual(
        cut.rejections.map(({ line, code }) => [line, code]),
        whole.rejections.map(({ line, code }) => [line, code]),
      )
    }),
    { seed: testSeed, numRuns: 3_000 },
  )
})
