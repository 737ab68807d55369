/** Thrift's compact protocol, written only: the form of Parquet's page headers and footer. */
export interface ThriftWriter {
  bytes: number[]
  lastField: number[]
}

export const thriftType = { int32: 5, int64: 6, binary: 8, list: 9, struct: 12 } as const

export function newThrift(): ThriftWriter {
  return { bytes: [], lastField: [] }
}

export function varint(out: number[], value: number): void {
  let rest = value
  while (rest >= 128) {
    out.push((rest % 128) | 128)
    rest = Math.floor(rest / 128)
  }
  out.push(rest)
}

function zigzag(out: number[], value: number): void {
  varint(out, value >= 0 ? value * 2 : -value * 2 - 1)
}

function field(writer: ThriftWriter, id: number, type: number): void {
  const last = writer.lastField.length - 1
  const delta = id - (writer.lastField[last] ?? 0)
  if (delta < 1 || delta > 15) throw new Error(`thrift fields out of order: ${id}`)
  writer.bytes.push((delta << 4) | type)
  writer.lastField[last] = id
}

export function integerField(
  writer: ThriftWriter,
  id: number,
  value: number,
  type: 5 | 6 = thriftType.int32,
): void {
  field(writer, id, type)
  zigzag(writer.bytes, value)
}

export function booleanField(writer: ThriftWriter, id: number, value: boolean): void {
  field(writer, id, value ? 1 : 2)
}

export function textField(writer: ThriftWriter, id: number, text: string): void {
  field(writer, id, thriftType.binary)
  textItem(writer, text)
}

export function textItem(writer: ThriftWriter, text: string): void {
  const bytes = Buffer.from(text)
  varint(writer.bytes, bytes.length)
  for (const byte of bytes) writer.bytes.push(byte)
}

export function integerItem(writer: ThriftWriter, value: number): void {
  zigzag(writer.bytes, value)
}

/** The list's items follow: `struct(…)`, `integerItem` or `textItem` calls. */
export function listField(writer: ThriftWriter, id: number, itemType: number, count: number): void {
  field(writer, id, thriftType.list)
  if (count < 15) writer.bytes.push((count << 4) | itemType)
  else {
    writer.bytes.push(0xf0 | itemType)
    varint(writer.bytes, count)
  }
}

export function structField(writer: ThriftWriter, id: number, fill: () => void): void {
  field(writer, id, thriftType.struct)
  struct(writer, fill)
}

export function struct(writer: ThriftWriter, fill: () => void): void {
  writer.lastField.push(0)
  fill()
  writer.bytes.push(0)
  writer.lastField.pop()
}
