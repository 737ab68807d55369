/** A value that the column's type in the warehouse cannot hold exactly. The message holds no value. */
export class UnfitValue extends Error {
  constructor(what: string) {
    super(what)
    this.name = "UnfitValue"
  }
}
