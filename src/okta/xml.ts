/** An element; `name` without the prefix of its namespace. */
export interface Element {
  name: string
  /** By name, without the prefix of its namespace. */
  attributes: ReadonlyMap<string, string>
  children: Element[]
  /** Of the element itself, without its children's. */
  text: string
}

const entities: ReadonlyMap<string, string> = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
])

/** Text with its character references put in. An unknown one stays as it is written. */
export function plainText(written: string): string {
  return written.replace(/&(?:(\w+)|#(\d{1,7})|#x([0-9a-f]{1,6}));/gi, (whole, name, decimal, hex) => {
    if (name !== undefined) return entities.get(name) ?? whole
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal)
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
}

const deepest = 64
const piece =
  /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!\[CDATA\[([\s\S]*?)\]\]>|<\/([\w:.-]+)\s*>|<([\w:.-]+)((?:[^<>"']|"[^"<]*"|'[^'<]*')*?)(\/?)>|([^<]+)|<[\s\S]?/g

/**
 * The root of a document. `undefined`: it is not well-formed, declares a type (entities of its own are a way to attack who reads them), or
 * nests deeper than 64 elements.
 */
export function readXml(document: string): Element | undefined {
  const top: Element = { name: "", attributes: new Map(), children: [], text: "" }
  const open: { element: Element; written: string }[] = [{ element: top, written: "" }]
  for (const [whole, cdata, closed, opened, attributes = "", slash, text] of document.matchAll(piece)) {
    const inner = open.at(-1)
    if (inner === undefined) return undefined
    if (cdata !== undefined) inner.element.text += cdata
    else if (text !== undefined) inner.element.text += plainText(text)
    else if (closed !== undefined) {
      if (inner.written !== closed || open.length === 1) return undefined
      open.pop()
    } else if (opened !== undefined) {
      const element = {
        name: localName(opened),
        attributes: attributesOf(attributes),
        children: [],
        text: "",
      }
      inner.element.children.push(element)
      if (slash === "") open.push({ element, written: opened })
      if (open.length > deepest) return undefined
    } else if (!whole.startsWith("<!--") && !whole.startsWith("<?")) return undefined
  }
  const [root, second] = top.children
  return open.length === 1 && second === undefined && top.text.trim() === "" ? root : undefined
}

/** All of this name at or below the element, in the order of the document. */
export function elementsNamed(within: Element, name: string): Element[] {
  const below = within.children.flatMap((child) => elementsNamed(child, name))
  return within.name === name ? [within, ...below] : below
}

/** The text of the first of this name. */
export function textOf(within: Element | undefined, name: string): string | undefined {
  return within === undefined ? undefined : elementsNamed(within, name)[0]?.text
}

function attributesOf(written: string): ReadonlyMap<string, string> {
  const found = [...written.matchAll(/([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)]
  return new Map(
    found.map(([, name = "", double, single]) => [localName(name), plainText(double ?? single ?? "")]),
  )
}

function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1)
}
