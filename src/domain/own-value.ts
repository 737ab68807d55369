/**
 * What a table has under a name that others chose. `table[name]` would also find what every object has: `constructor`,
 * `toString`, `__proto__`.
 */
export function ownValue<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}
