/**
 * What SIMILAR TO has before its pattern when a statement is parsed: the engine's parser makes one node of it, of `~` and of
 * `regexp_full_match`. U+E000 is for private use, so no text of a client begins so by chance.
 */
export const similarMark = "\u{e000}similar"
