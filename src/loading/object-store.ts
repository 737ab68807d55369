/** An object as a listing or an event names it. */
export interface ListedObject {
  key: string
  /** Without quotes. */
  etag: string
  sizeBytes: number
  modifiedAt: Date
}

export interface OpenedObject extends ListedObject {
  /** Read once. Goes on by itself where the connection breaks. */
  body: AsyncIterable<Buffer>
}

/** A bucket. Every method may throw Problem. */
export interface ObjectStore {
  /** Pages of all objects whose keys begin with `prefix`, in the order of their keys. */
  list(prefix: string, signal?: AbortSignal): AsyncIterable<ListedObject[]>
  /** Why an object of this key is not to be asked for; mostly it is. */
  refusal(key: string): string | undefined
  /** `undefined`: it is not there (any more). */
  open(key: string, signal?: AbortSignal): Promise<OpenedObject | undefined>
}
