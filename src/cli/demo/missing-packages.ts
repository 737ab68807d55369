/** In words which packages a demo lacks that are not installed with the program; undefined: none. */
export function missingPackages(demo: string, names: readonly string[]): string | undefined {
  const absent = names.filter((name) => !isInstalled(name))
  if (absent.length === 0) return undefined
  return `the demo with ${demo} needs packages that come with a clone only: npm install ${absent.join(" ")}`
}

function isInstalled(name: string): boolean {
  try {
    import.meta.resolve(name)
    return true
  } catch (error) {
    if ((error as { code?: string }).code === "ERR_MODULE_NOT_FOUND") return false
    throw error
  }
}
