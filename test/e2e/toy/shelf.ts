/** The server of the toy source: one table of books, and the history of what was done to it, in memory. */

export interface Book {
  id: number
  title: string
}

export type ShelfChange = { kind: "put"; book: Book; isNew: boolean } | { kind: "taken"; id: number }

export interface Shelf {
  /** Everything that was ever done; a position is how many of these. */
  readonly history: readonly ShelfChange[]
  /** The books after the first `length` changes; default: now. */
  books(length?: number): Book[]
  put(book: Book): void
  take(id: number): void
  /** Called after each change; answers how to stop that. */
  follow(listener: () => void): () => void
}

export function newShelf(): Shelf {
  const history: ShelfChange[] = []
  const listeners = new Set<() => void>()
  const books = (length = history.length) => {
    const found = new Map<number, Book>()
    for (const change of history.slice(0, length))
      if (change.kind === "put") found.set(change.book.id, change.book)
      else found.delete(change.id)
    return [...found.values()]
  }
  const record = (change: ShelfChange) => {
    history.push(change)
    for (const listener of listeners) listener()
  }
  return {
    history,
    books,
    put: (book) => record({ kind: "put", book, isNew: !books().some(({ id }) => id === book.id) }),
    take: (id) => record({ kind: "taken", id }),
    follow(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
