/**
 * A place in a source's history of changes. Only the source that made it understands it; everyone else stores it,
 * hands it back, and asks the source to compare two.
 */
export type Position = string & { readonly __position: unique symbol }

export function positionFrom(text: string): Position {
  return text as Position
}

/** For people: what follows an @ is the source's own note. */
export function shownPosition(position: Position): string {
  const at = position.indexOf("@")
  return at === -1 ? position : position.slice(0, at)
}
