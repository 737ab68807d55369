/** The table of CRC-32C (Castagnoli), whose polynomial the reference names; reflected. */
function remainders(): number[] {
  return Array.from({ length: 256 }, (_, byte) => {
    let remainder = byte
    for (let bit = 0; bit < 8; bit++)
      remainder = remainder & 1 ? (remainder >>> 1) ^ 0x82f63b78 : remainder >>> 1
    return remainder >>> 0
  })
}

const table = `[${remainders().join(", ")}]::BIGINT[]`

export const checksums: Record<string, string> = {
  // One step for each byte of the text.
  crc32: `(a) AS CASE WHEN a IS NOT NULL THEN lower(lpad(to_hex(xor(4294967295, list_reduce(list_prepend(4294967295::BIGINT,
    list_transform(regexp_extract_all(hex(encode(a::VARCHAR)), '..'), lambda h: ('0x' || h)::BIGINT)),
    lambda c, b: xor(c >> 8, (${table})[(xor(c, b) & 255) + 1])))), 8, '0')) END`,
}
